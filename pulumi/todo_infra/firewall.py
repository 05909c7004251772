"""What is refused before it reaches the application: known attacks, and too much of one address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

__all__ = ["Firewall", "FirewallArgs", "firewall_rules", "log_group_name"]

# AWS's rule groups in the order of their work, cheapest first, and what of each only counts.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
#
# A to-do is any text that people type, so also <script>, ' OR 1=1 or ../etc. The application
# hands it to the database apart from the statement and shows it as text; to refuse it would be
# a fault. And a body may have 16 KiB, to which the application itself holds everybody; the
# firewall sees 8 KiB of it. All of these still judge path, query, headers and cookies.
_MANAGED: Mapping[str, Sequence[str]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
    ),
    "AWSManagedRulesSQLiRuleSet": ("SQLi_BODY",),
}
_WINDOW_SECONDS = 300
_ALLOW: Any = {"allow": {}}
# A list is open to whoever knows its address, which is in path, referrer and cookie.
_PRIVATE_HEADERS = ("authorization", "cookie", "referer")
_URI_PATH: Any = {"uri_path": {}}
# A rule that refused, one of ours that counted, one of AWS's that is made to.
_MATCHED = ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """What it stands before, and how strict it is.

    Attributes:
        load_balancer_arn: What it stands before.
        rate_limit: Requests of one address in any five minutes.
        log_days: Days until a line of its log is deleted; None has no log.
        key_arn: Encrypts the log; None where CloudWatch's own key does.
    """

    load_balancer_arn: pulumi.Input[str]
    rate_limit: int
    log_days: int | None
    key_arn: pulumi.Input[str] | None = None


def log_group_name(name: str) -> str:
    """The name of the log group; WAF wants it to start so."""
    return f"aws-waf-logs-{name}"


def firewall_rules(rate_limit: int) -> list[Any]:
    """Return the rules: first how often an address may ask, then AWS's own groups."""
    # Clients know this answer from the application, whose own limit is for shorter bursts.
    too_many = {
        "response_code": 429,
        "response_headers": [{"name": "Retry-After", "value": "60"}],
    }
    rate = {
        "name": "RateLimit",
        "priority": 0,
        "action": {"block": {"custom_response": too_many}},
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "limit": rate_limit,
                "evaluation_window_sec": _WINDOW_SECONDS,
            }
        },
        "visibility_config": _visibility("RateLimit"),
    }
    managed = [_managed(*group, place) for place, group in enumerate(_MANAGED.items(), start=1)]
    return [rate, *managed]


def _managed(name: str, counted: Sequence[str], priority: int) -> dict[str, Any]:
    group = {
        "vendor_name": "AWS",
        "name": name,
        "rule_action_overrides": [
            {"name": rule, "action_to_use": {"count": {}}} for rule in counted
        ],
    }
    return {
        "name": name,
        "priority": priority,
        "override_action": {"none": {}},  # what the group itself says
        "statement": {"managed_rule_group_statement": group},
        "visibility_config": _visibility(name),
    }


def _visibility(metric: str) -> Any:  # noqa: ANN401 - one of the SDK's many forms of this
    """Count in CloudWatch. Samples would show whole requests, with what the log leaves out."""
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": metric,
        "sampled_requests_enabled": False,
    }


class Firewall(pulumi.ComponentResource):
    """A web ACL before the load balancer, and its log.

    Attributes:
        web_acl_name: As its metrics name it, in the dimension WebACL.
    """

    web_acl_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Firewall", name, None, opts)
        acl = aws.wafv2.WebAcl(
            f"{name}-firewall",
            description="Before the TODO application's load balancer",
            scope="REGIONAL",
            default_action=_ALLOW,
            rules=firewall_rules(args.rate_limit),
            visibility_config=_visibility("Firewall"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.wafv2.WebAclAssociation(
            f"{name}-firewall",
            resource_arn=args.load_balancer_arn,
            web_acl_arn=acl.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.log_days is not None:
            self._log(name, args, acl.arn)
        self.web_acl_name = acl.name
        self.register_outputs({})

    def _log(self, name: str, args: FirewallArgs, acl_arn: pulumi.Output[str]) -> None:
        """Log what a rule refused or counted; the load balancer's own log has the rest."""
        redacted: list[Any] = [{"single_header": {"name": one}} for one in _PRIVATE_HEADERS]
        group = aws.cloudwatch.LogGroup(
            f"{name}-firewall",
            name=log_group_name(name),
            retention_in_days=args.log_days,
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        keep_matched: Any = {
            "behavior": "KEEP",
            "requirement": "MEETS_ANY",
            "conditions": [{"action_condition": {"action": action}} for action in _MATCHED],
        }
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-firewall",
            resource_arn=acl_arn,
            log_destination_configs=[group.arn],
            logging_filter=aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs(
                default_behavior="DROP", filters=[keep_matched]
            ),
            redacted_fields=[*redacted, _URI_PATH],
            opts=pulumi.ResourceOptions(parent=self),
        )
