"""Type tokens of the resources that rules are about."""

__all__ = [
    "CLUSTER",
    "CLUSTER_INSTANCE",
    "CLUSTER_PARAMETER_GROUP",
    "DEFAULT_SECURITY_GROUP",
    "INGRESS_RULE",
    "INSTANCE",
    "PARAMETER_GROUP",
    "PROXY",
    "SECURITY_GROUP",
    "SECURITY_GROUP_RULE",
    "TASK_DEFINITION",
]

INSTANCE = "aws:rds/instance:Instance"
"""An RDS instance; read replicas are of this type, too."""

CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
CLUSTER_PARAMETER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
PROXY = "aws:rds/proxy:Proxy"

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
