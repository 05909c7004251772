"""Type tokens of the resources that rules are about."""

__all__ = [
    "ACCESS_KEY",
    "APPLICATION",
    "ATTACHMENT",
    "BUCKET",
    "BUCKET_ACL",
    "BUCKET_ENCRYPTION",
    "BUCKET_LIFECYCLE",
    "BUCKET_OWNERSHIP",
    "BUCKET_POLICY",
    "BUCKET_PUBLIC_ACCESS",
    "BUCKET_VERSIONING",
    "BUDGET",
    "CAPACITY_PROVIDERS",
    "CLUSTER",
    "CLUSTER_INSTANCE",
    "CLUSTER_PARAMETER_GROUP",
    "CLUSTER_SNAPSHOT",
    "CLUSTER_SNAPSHOT_COPY",
    "DEFAULT_SECURITY_GROUP",
    "DOCKER_IMAGE",
    "ECS_CLUSTER",
    "ECS_SERVICE",
    "EGRESS_RULE",
    "FLOW_LOG",
    "FUNCTION",
    "GLOBAL_CLUSTER",
    "GROUP_ATTACHMENT",
    "GROUP_POLICY",
    "IAM_POLICY",
    "INGRESS_RULE",
    "INSTANCE",
    "KEY",
    "KEY_POLICY",
    "LISTENER",
    "LISTENER_RULE",
    "LOAD_BALANCER",
    "LOG_GROUP",
    "MACHINE",
    "NETWORK_ACL",
    "NETWORK_ACL_RULE",
    "PARAMETER_GROUP",
    "PROXY",
    "PUBLIC_ADDRESS",
    "REPOSITORY",
    "REPOSITORY_LIFECYCLE",
    "REPOSITORY_POLICY",
    "ROLE",
    "ROLE_ATTACHMENT",
    "ROLE_POLICY",
    "SCALING_TARGET",
    "SCHEDULED_ACTION",
    "SECRET",
    "SECRET_POLICY",
    "SECRET_ROTATION",
    "SECRET_VERSION",
    "SECURITY_GROUP",
    "SECURITY_GROUP_RULE",
    "SNAPSHOT",
    "SNAPSHOT_COPY",
    "SSM_PARAMETER",
    "SUBNET",
    "SUBNET_GROUP",
    "TARGET_GROUP",
    "TASK_DEFINITION",
    "TOPIC",
    "TOPIC_POLICY",
    "TRAIL",
    "TRAIL_COMPONENT",
    "USER_ATTACHMENT",
    "USER_POLICY",
    "VPC_ENDPOINT",
    "WEB_ACL",
    "WEB_ACL_ASSOCIATION",
    "WEB_ACL_LOG",
]

INSTANCE = "aws:rds/instance:Instance"
"""An RDS instance; read replicas are of this type, too."""

CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
CLUSTER_PARAMETER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
PROXY = "aws:rds/proxy:Proxy"
GLOBAL_CLUSTER = "aws:rds/globalCluster:GlobalCluster"
SNAPSHOT = "aws:rds/snapshot:Snapshot"
SNAPSHOT_COPY = "aws:rds/snapshotCopy:SnapshotCopy"
CLUSTER_SNAPSHOT = "aws:rds/clusterSnapshot:ClusterSnapshot"
CLUSTER_SNAPSHOT_COPY = "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"
SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
WEB_ACL_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
WEB_ACL_LOG = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_ACL = "aws:s3/bucketAcl:BucketAcl"
BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BUCKET_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
BUCKET_OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"

ECS_CLUSTER = "aws:ecs/cluster:Cluster"
ECS_SERVICE = "aws:ecs/service:Service"
CAPACITY_PROVIDERS = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
SCALING_TARGET = "aws:appautoscaling/target:Target"
SCHEDULED_ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
BUDGET = "aws:budgets/budget:Budget"

DOCKER_IMAGE = "docker:index/image:Image"
REPOSITORY = "aws:ecr/repository:Repository"
REPOSITORY_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
IAM_POLICY = "aws:iam/policy:Policy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
GROUP_ATTACHMENT = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
USER_ATTACHMENT = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type
SECRET_ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"  # noqa: S105 - a type
SSM_PARAMETER = "aws:ssm/parameter:Parameter"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
TRAIL = "aws:cloudtrail/trail:Trail"
TRAIL_COMPONENT = "awsx:cloudtrail:Trail"

EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
NETWORK_ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
SUBNET = "aws:ec2/subnet:Subnet"
MACHINE = "aws:ec2/instance:Instance"
PUBLIC_ADDRESS = "aws:ec2/eip:Eip"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

FUNCTION = "aws:lambda/function:Function"
APPLICATION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"
"""What is published as a stack of CloudFormation, such as AWS's own rotation functions."""
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - a type
