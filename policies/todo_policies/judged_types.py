"""Types that no other rule looks into, though they make what the rules are about.

A rule sees resources of the types that it names. The provider has more than one for some things:
older names, types for one part of another resource, and ways to give rights or open doors beside
the usual one. A stack that used them would keep every rule and none of what they are for.
"""

from collections.abc import Iterator, Mapping

from pulumi_policy import Severity

from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = ["RULES", "TYPES_JUDGED"]

_INSTEAD: Mapping[str, str] = {
    "aws:alb/listener:Listener": "aws.lb.Listener",
    "aws:alb/listenerCertificate:ListenerCertificate": "aws.lb.ListenerCertificate",
    "aws:alb/listenerRule:ListenerRule": "aws.lb.ListenerRule",
    "aws:alb/loadBalancer:LoadBalancer": "aws.lb.LoadBalancer",
    "aws:alb/targetGroup:TargetGroup": "aws.lb.TargetGroup",
    "aws:alb/targetGroupAttachment:TargetGroupAttachment": "aws.lb.TargetGroupAttachment",
    # AWS's load balancers of before 2016, with every part that such a one may have.
    "aws:elb/appCookieStickinessPolicy:AppCookieStickinessPolicy": "aws.lb.TargetGroup",
    "aws:elb/attachment:Attachment": "aws.lb.TargetGroupAttachment",
    "aws:elb/listenerPolicy:ListenerPolicy": "aws.lb.Listener",
    "aws:elb/loadBalancer:LoadBalancer": "aws.lb.LoadBalancer",
    "aws:elb/loadBalancerBackendServerPolicy:LoadBalancerBackendServerPolicy": "aws.lb.TargetGroup",
    "aws:elb/loadBalancerCookieStickinessPolicy:LoadBalancerCookieStickinessPolicy": (
        "aws.lb.TargetGroup"
    ),
    "aws:elb/loadBalancerPolicy:LoadBalancerPolicy": "aws.lb.Listener",
    "aws:elb/sslNegotiationPolicy:SslNegotiationPolicy": "aws.lb.Listener",
    "aws:s3/bucketAclV2:BucketAclV2": "aws.s3.BucketOwnershipControls",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": (
        "aws.s3.BucketLifecycleConfiguration"
    ),
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": (
        "aws.s3.BucketServerSideEncryptionConfiguration"
    ),
    "aws:s3/bucketV2:BucketV2": "aws.s3.Bucket",
    "aws:s3/bucketVersioningV2:BucketVersioningV2": "aws.s3.BucketVersioning",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": (
        "aws.iam.GroupPolicyAttachment"
    ),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": (
        "aws.iam.RolePolicyAttachment"
    ),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": (
        "aws.iam.UserPolicyAttachment"
    ),
    "aws:kms/externalKey:ExternalKey": "aws.kms.Key",
    "aws:kms/grant:Grant": "aws.kms.KeyPolicy",
    "aws:kms/replicaExternalKey:ReplicaExternalKey": "aws.kms.Key",
    "aws:kms/replicaKey:ReplicaKey": "aws.kms.Key",
    "aws:rds/proxyEndpoint:ProxyEndpoint": "aws.rds.Proxy",
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment": (
        "aws.ec2.SecurityGroup"
    ),
    "aws:ec2/securityGroupAssociation:SecurityGroupAssociation": "aws.ec2.VpcEndpoint",
    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": "aws.ec2.VpcEndpoint",
    "aws:ecs/daemon:Daemon": "aws.ecs.Service",
    "aws:ecs/daemonTaskDefinition:DaemonTaskDefinition": "aws.ecs.TaskDefinition",
    "aws:ecs/expressGatewayService:ExpressGatewayService": "aws.ecs.Service",
    "aws:ecs/taskSet:TaskSet": "aws.ecs.Service",
    "aws:wafv2/webAclRule:WebAclRule": "aws.wafv2.WebAcl",
    "aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation": "aws.wafv2.WebAcl",
}
"""What to write in place of each type, as a program in Python names it."""


def _unjudged(resource: Subject) -> Iterator[str]:
    kind = resource.resource_type
    yield f"no rule looks into its type {kind}; make it with {_INSTEAD[kind]}."


TYPES_JUDGED = ResourceRule(
    name="types-judged",
    severity=Severity.HIGH,
    why="Nothing is made by a type that the other rules do not look into, where one that they know "
    "makes the same: a rule cannot refuse what it does not see.",
    fix="Use the type that is named, or leave it out where that one has the setting already.",
    controls=(),
    waivable=False,
    resource_types=frozenset(_INSTEAD),
    check=_unjudged,
)

RULES: tuple[Rule, ...] = (TYPES_JUDGED,)
