"""The TODO application at AWS, on the network and the registry that Terraform made before."""

from datetime import UTC, datetime
from pathlib import Path

import pulumi

from todo_infra import certificate, config, terraform_state
from todo_infra.audit import AuditTrail, AuditTrailArgs
from todo_infra.autoscaling import Autoscaling, AutoscalingArgs
from todo_infra.capacity import plan_capacity
from todo_infra.database import Database, DatabaseArgs
from todo_infra.image import ApplicationImage, ApplicationImageArgs
from todo_infra.keys import EncryptionKey, EncryptionKeyArgs
from todo_infra.load_balancer import LoadBalancer, LoadBalancerArgs
from todo_infra.naming import name_prefix
from todo_infra.network import Network, NetworkArgs
from todo_infra.observability import Observability, ObservabilityArgs, publishers
from todo_infra.service import Service, ServiceArgs
from todo_infra.trust import certificate_authority_environment

root = Path(pulumi.get_root_directory())
name = name_prefix(pulumi.get_project(), pulumi.get_stack())
settings = config.load()
plan = plan_capacity(settings, datetime.now(UTC))
trust = certificate_authority_environment(root, settings.database_operations)
existing = terraform_state.read(root, settings.terraform_state, settings.region)
certificate.verify_zone(settings.load_balancer)
image_args = ApplicationImageArgs(
    context=root / "app", repository=existing.repository, settings=settings.image
)
image = ApplicationImage(name, image_args)
key = EncryptionKey(name, EncryptionKeyArgs(settings=settings, publishers=publishers(settings)))
AuditTrail(name, AuditTrailArgs(settings=settings, key_arn=key.arn))
network_args = NetworkArgs(settings=settings, network=existing, key_arn=key.arn)
groups = Network(name, network_args).groups
database_args = DatabaseArgs(settings=settings, network=existing, groups=groups, key_arn=key.arn)
database = Database(name, database_args)
balancer_args = LoadBalancerArgs(
    settings=settings, plan=plan, network=existing, groups=groups, key_arn=key.arn
)
balancer = LoadBalancer(name, balancer_args)
watch_args = ObservabilityArgs(
    settings=settings, plan=plan, balancer=balancer, database=database, key_arn=key.arn
)
observability = Observability(name, watch_args)

service_args = ServiceArgs(
    settings=settings,
    plan=plan,
    image=image.reference,
    repository_arn=existing.repository.arn,
    subnet_ids=existing.private_subnet_ids,
    security_group_id=groups.service_id,
    target_group_arn=balancer.target_group_arn,
    environment=trust | database.environment | balancer.environment,
    app_secret_arn=database.app_secret_arn,
    master_secret_arn=database.master_secret_arn,
    key_arn=key.arn,
    alarm_names=observability.rollback_alarms,
    spare=database.spare,
)
service = Service(name, service_args)
observability.watch_service(service, database.rotate_password(after=service))

scaling_args = AutoscalingArgs(
    cluster_name=service.cluster_name,
    service_name=service.service_name,
    load_balancer_suffix=balancer.load_balancer.arn_suffix,
    target_group_suffix=balancer.target_group.arn_suffix,
    plan=plan,
)
Autoscaling(name, scaling_args)

pulumi.export("url", balancer.url)
pulumi.export("cluster", service.cluster_name)
pulumi.export("service", service.service_name)
pulumi.export("load_balancer", balancer.load_balancer.name)
pulumi.export("database", database.instance.identifier)
pulumi.export("image", image.reference)
