"""Where things stand in the picture, and in which words. Whether they are so, the graph says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.picture.graph import INTERNET, REPOSITORY, Connection, Reference

__all__ = ["BOXES", "CONNECTIONS", "FRAME", "NOT_DRAWN", "PART_OF", "REFERENCES", "SIZE", "ZONES"]
__all__ += ["Arrow", "Box", "Zone"]

SIZE = (1304, 796)
NETWORK = "network"
KEY = "EncryptionKey"

# By the last word of a component's type; what is not here belongs to what it is made by.
PART_OF: dict[str, str] = {
    "AccessLogs": "AccessLogs",
    "Alarms": "Alarms",
    "ApplicationImage": "ApplicationImage",
    "AuditTrail": "AuditTrail",
    "Autoscaling": "Autoscaling",
    "Budget": "Budget",
    "Dashboard": "Dashboard",
    "Database": "Database",
    "DatabaseProxy": "DatabaseProxy",
    "EncryptionKey": KEY,
    "Endpoints": "Endpoints",
    "Firewall": "Firewall",
    "FlowLogs": "FlowLogs",
    "GeneratedCredentials": "Secret",
    "LoadBalancer": "LoadBalancer",
    "PasswordRotation": "PasswordRotation",
    "ReadReplicas": "ReadReplicas",
    "SecurityGroups": "",
    "Service": "Service",
}


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A coloured area, with its name on top."""

    name: str
    colour: str
    place: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Box:
    """One part: x, y, width and height, and what it is."""

    title: str
    lines: tuple[str, ...]
    place: tuple[int, int, int, int]
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """A way from point to point, and a label beside its first bend or its middle."""

    way: tuple[tuple[int, int], ...]
    label: str
    at: tuple[int, int]
    anchor: str = "start"


FRAME = (336, 72, 612, 620)
ZONES = (
    Zone(name="Made by Terraform", colour="grey", place=(24, 100, 248, 176)),
    Zone(name="Image", colour="teal", place=(24, 292, 248, 100)),
    Zone(name="Keys and secrets", colour="amber", place=(24, 408, 248, 336)),
    Zone(name="Edge", colour="blue", place=(352, 100, 580, 128)),
    Zone(name="Service", colour="teal", place=(352, 276, 580, 216)),
    Zone(name="Data", colour="violet", place=(352, 540, 580, 136)),
    Zone(name="Observability", colour="pink", place=(1012, 100, 268, 340)),
    Zone(name="Audit", colour="grey", place=(1012, 540, 268, 204)),
)
BOXES: Mapping[str, Box] = {
    INTERNET: Box(title="Browsers", lines=(), place=(592, 14, 100, 34)),
    NETWORK: Box(title="VPC", lines=("subnets in two zones or more",), place=(40, 134, 216, 56)),
    REPOSITORY: Box(title="ECR repository", lines=("tags never change",), place=(40, 204, 216, 56)),
    "ApplicationImage": Box(
        title="Application image", lines=("built once, tag = content",), place=(40, 324, 216, 56)
    ),
    "Secret": Box(
        title="App's account", lines=("user name, password, host",), place=(40, 440, 216, 56)
    ),
    "PasswordRotation": Box(
        title="Password rotation", lines=("AWS's own function",), place=(40, 564, 216, 80)
    ),
    KEY: Box(title="KMS key", lines=("rotates every year",), place=(40, 672, 216, 56)),
    "Firewall": Box(title="WAF", lines=("managed rules,", "rate limit"), place=(368, 134, 156, 76)),
    "LoadBalancer": Box(
        title="Load balancer", lines=("TLS 1.2 and 1.3",), place=(564, 134, 156, 76), strong=True
    ),
    "AccessLogs": Box(title="Access logs", lines=("a locked bucket",), place=(760, 134, 156, 76)),
    "Service": Box(
        title="ECS Fargate tasks",
        lines=("migrate: schema and account, once", "app: serves", "read-only, without privileges"),
        place=(368, 310, 352, 164),
        strong=True,
    ),
    "Autoscaling": Box(
        title="Autoscaling",
        lines=("requests, CPU,", "memory, events"),
        place=(760, 310, 156, 74),
    ),
    "Endpoints": Box(
        title="AWS services", lines=("images, logs, secrets",), place=(760, 400, 156, 74)
    ),
    "Database": Box(
        title="RDS MySQL", lines=("refuses plain text",), place=(368, 574, 156, 76), strong=True
    ),
    "DatabaseProxy": Box(
        title="RDS Proxy", lines=("TLS on both sides",), place=(564, 574, 156, 76)
    ),
    "ReadReplicas": Box(title="Read replicas", lines=("up to five",), place=(760, 574, 156, 76)),
    "Alarms": Box(
        title="Alarms",
        lines=("to people, by mail;", "explained in the runbook"),
        place=(1028, 134, 236, 84),
    ),
    "Dashboard": Box(title="Dashboard", lines=("room to grow on top",), place=(1028, 236, 236, 84)),
    "Budget": Box(title="Budget", lines=("actual and expected",), place=(1028, 338, 236, 84)),
    "AuditTrail": Box(
        title="CloudTrail", lines=("who did what in the account",), place=(1028, 574, 236, 66)
    ),
    "FlowLogs": Box(
        title="Flow logs", lines=("who connected to whom",), place=(1028, 660, 236, 66)
    ),
}

# What security groups let through; nothing else connects. The port stands behind the label.
CONNECTIONS: Mapping[tuple[str, str], Arrow] = {
    (INTERNET, "LoadBalancer"): Arrow(
        way=((642, 48), (642, 134)), label="HTTPS {443}; {80} redirects", at=(654, 66)
    ),
    ("LoadBalancer", "Service"): Arrow(
        way=((642, 210), (642, 310)), label="HTTP {8080}", at=(654, 257)
    ),
    ("Service", "Endpoints"): Arrow(
        way=((720, 437), (760, 437)), label="{443}", at=(738, 429), anchor="middle"
    ),
    ("Service", "Database"): Arrow(
        way=((446, 474), (446, 574)), label="MySQL over TLS {3306}", at=(462, 521)
    ),
    ("Service", "DatabaseProxy"): Arrow(
        way=((642, 474), (642, 574)), label="TLS {3306}", at=(635, 556), anchor="end"
    ),
    ("Service", "ReadReplicas"): Arrow(
        way=((692, 474), (692, 516), (838, 516), (838, 574)),
        label="reads, TLS {3306}",
        at=(722, 509),
    ),
    ("DatabaseProxy", "Database"): Arrow(
        way=((564, 604), (524, 604)), label="{3306}", at=(543, 596), anchor="middle"
    ),
    ("PasswordRotation", "Database"): Arrow(
        way=((256, 606), (368, 606)), label="TLS {3306}", at=(304, 598), anchor="middle"
    ),
}
# Who uses whom. Ends in a zone's name are of its frame.
REFERENCES: Mapping[tuple[str, str], Arrow] = {
    ("ApplicationImage", REPOSITORY): Arrow(
        way=((148, 324), (148, 260)), label="pushed to", at=(158, 288)
    ),
    ("Service", "ApplicationImage"): Arrow(
        way=((368, 352), (256, 352)), label="runs", at=(304, 344), anchor="middle"
    ),
    ("Service", "Secret"): Arrow(
        way=((368, 458), (256, 458)), label="reads", at=(304, 450), anchor="middle"
    ),
    ("PasswordRotation", "Secret"): Arrow(
        way=((148, 564), (148, 496)), label="renews", at=(158, 534)
    ),
    ("Firewall", "LoadBalancer"): Arrow(
        way=((524, 172), (564, 172)), label="", at=(546, 164), anchor="middle"
    ),
    ("LoadBalancer", "AccessLogs"): Arrow(
        way=((720, 172), (760, 172)), label="", at=(738, 164), anchor="middle"
    ),
    ("Autoscaling", "Service"): Arrow(
        way=((760, 347), (720, 347)), label="", at=(738, 339), anchor="middle"
    ),
    ("ReadReplicas", "Database"): Arrow(
        way=((838, 650), (838, 664), (446, 664), (446, 650)),
        label="follow",
        at=(642, 668),
        anchor="middle",
    ),
    ("Observability", "Edge"): Arrow(
        way=((1012, 172), (932, 172)), label="watch", at=(980, 164), anchor="middle"
    ),
    ("Observability", "Service"): Arrow(
        way=((1012, 340), (932, 340)), label="watch", at=(980, 332), anchor="middle"
    ),
    ("Service", "Observability"): Arrow(
        way=((932, 400), (1012, 400)), label="rolls back", at=(980, 392), anchor="middle"
    ),
    ("Observability", "Data"): Arrow(
        way=((1146, 440), (1146, 500), (996, 500), (996, 604), (932, 604)),
        label="watch",
        at=(1136, 492),
        anchor="end",
    ),
}
# What is true, and would only be in the way.
NOT_DRAWN: Mapping[Connection | Reference, str] = {
    Connection(source="PasswordRotation", target="Endpoints", port=443): "as the service does",
    Reference(source="Alarms", user="Budget"): "both are observability",
    Reference(source="Database", user="Secret"): "the host, for the rotation",
    Reference(source="Endpoints", user="DatabaseProxy"): "an order of rules",
    Reference(source="LoadBalancer", user="Autoscaling"): "by way of the service",
    Reference(source=REPOSITORY, user="Service"): "by way of the image",
    Reference(source="Secret", user="DatabaseProxy"): "as the service does",
    Reference(source="Secret", user="Database"): "the master's password, with replicas",
}
