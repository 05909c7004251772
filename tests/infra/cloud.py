"""Answers as AWS and Terraform's state do, as far as the program looks at the answer."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TERRAFORM_OUTPUTS: dict[str, Any] = {
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "public_subnet_ids": ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"],
    "private_subnet_ids": ["subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2"],
    "availability_zones": ["eu-west-1a", "eu-west-1b"],
    "repository_url": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/todo",
}
GENERATED_PASSWORD = "Generated0Password0Of0Forty0Characters00"
REGISTRY_PASSWORD = "a-token-of-the-registry"

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]


def _local_state(inputs: Inputs) -> Outputs:
    state = json.loads(Path(inputs["path"]).read_text())
    return {"outputs": {name: output["value"] for name, output in state["outputs"].items()}}


def _subnet(inputs: Inputs) -> Outputs:
    zone = f"eu-west-1{'ab'[int(inputs['id'][-1]) - 1]}"
    return {"vpcId": TERRAFORM_OUTPUTS["vpc_id"], "availabilityZone": zone}


# By the token of the function that the program calls.
CALLS: Mapping[str, Callable[[Inputs], Outputs]] = {
    "terraform:state:getLocalReference": _local_state,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getRouteTable:getRouteTable": lambda inputs: {
        "routeTableId": f"rtb-of-{inputs['subnetId']}"
    },
    "aws:route53/getZone:getZone": lambda _: {"name": "example.com", "privateZone": False},
    "aws:secretsmanager/getRandomPassword:getRandomPassword": lambda _: {
        "randomPassword": GENERATED_PASSWORD
    },
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": lambda _: {
        "userName": "AWS",
        "password": REGISTRY_PASSWORD,
    },
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": "111122223333"},
}


def _image(_: str, inputs: Inputs) -> Outputs:
    return {"repoDigest": inputs["imageName"].rpartition(":")[0] + "@sha256:1234"}


def _database(_: str, inputs: Inputs) -> Outputs:
    managed = inputs.get("manageMasterUserPassword")
    secret = {"masterUserSecrets": [{"secretArn": "arn:rds-managed"}]} if managed else {}
    return {"address": "db.example", **secret}


def _certificate(_: str, inputs: Inputs) -> Outputs:
    proof = {
        "resourceRecordName": f"_proof.{inputs['domainName']}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": "_value.acm-validations.aws.",
    }
    return {"domainValidationOptions": [proof]}


# By the type of the resource, from its name and inputs; beside "name" and "arn", which all have.
RESOURCES: Mapping[str, Callable[[str, Inputs], Outputs]] = {
    "docker:index/image:Image": _image,
    "aws:acm/certificate:Certificate": _certificate,
    "aws:acm/certificateValidation:CertificateValidation": lambda _, inputs: {
        "certificateArn": f"issued:{inputs['certificateArn']}"
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, _: {"prefixListId": f"pl-of-{name}"},
    "aws:lb/loadBalancer:LoadBalancer": lambda name, _: {
        "dnsName": "alb.example",
        "arnSuffix": f"app/{name}/1",
        "zoneId": "zone-of-load-balancers",
    },
    "aws:lb/targetGroup:TargetGroup": lambda name, _: {"arnSuffix": f"targetgroup/{name}/2"},
    "aws:rds/instance:Instance": _database,
    "aws:rds/proxy:Proxy": lambda *_: {"endpoint": "proxy.example"},
    "aws:route53/record:Record": lambda _, inputs: {"fqdn": inputs["name"].rstrip(".")},
    "aws:s3/bucket:Bucket": lambda name, _: {"bucket": name},
    "aws:serverlessrepository/cloudFormationStack:CloudFormationStack": lambda name, _: {
        "outputs": {"RotationLambdaARN": f"arn:lambda:{name}"}
    },
}
