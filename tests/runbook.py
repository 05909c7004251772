"""How each command of docs/runbook.md is held; `tests/ops/test_runbook.py` asks for every one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.documents import Page

__all__ = ["CARRIED_OUT", "ELSEWHERE", "PAGE", "PARSED", "SET_UP", "SHOWS", "filled"]

PAGE: Final = Page.read(Path(__file__).resolve().parents[1] / "docs" / "runbook.md")


def _table(text: str) -> Mapping[str, str]:
    """Read commands, as they are on the page, and below them, indented, what is said of each."""
    table: dict[str, str] = {}
    waiting: list[str] = []
    for line in filter(None, text.splitlines()):
        if line.startswith(" "):
            table |= dict.fromkeys(waiting, line.strip())
            waiting = []
        else:
            waiting.append(line)
    assert not waiting, f"nothing is said of {waiting}"
    return table


SET_UP: Final = _table(r"""
export STACK=prod AWS_REGION=eu-west-1
    the local system is another stack, which the last of these names
export CLUSTER="$(pulumi stack output cluster --stack $STACK)"
    todo-local-cluster-
export SERVICE="$(pulumi stack output service --stack $STACK)"
    todo-local-service-
export DATABASE="$(pulumi stack output database --stack $STACK)"
    todo-local-database-
eval "$(make -s env)"; export STACK=local
    local
""")
"""What fills `$NAMES`, and what each then begins with; all else is run after it."""

SHOWS: Final = _table(r"""
pulumi stack history --stack $STACK --page-size 3
    Kind: update\s+Status: succeeded
pulumi stack output --stack $STACK
    database +todo-local-database-
aws rds describe-db-instance-automated-backups --db-instance-identifier $DATABASE --query 'DBInstanceAutomatedBackups[].RestoreWindow'
    "EarliestTime": "20
aws rds describe-db-snapshots --db-instance-identifier $DATABASE --query 'DBSnapshots[].[DBSnapshotIdentifier,SnapshotCreateTime]'
    ^\[
make status
    page +http://todo-local-.* ready
aws rds describe-events --source-type db-instance --source-identifier $DATABASE --duration 1440
    "Events": \[
aws ecs describe-services --cluster $CLUSTER --services $SERVICE --query 'services[0].events[:10].message'
    ^\[
aws ecs describe-services --cluster $CLUSTER --services $SERVICE --query 'services[0].runningCount'
    ^\d+\n$
aws application-autoscaling describe-scaling-activities --service-namespace ecs --resource-id service/$CLUSTER/$SERVICE --max-items 5
    "ScalingActivities": \[
aws rds describe-db-instances --db-instance-identifier $DATABASE --query 'DBInstances[0].[AllocatedStorage,MaxAllocatedStorage]'
    ^\[\s+20,\s+80\s+\]
aws rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,StatusInfos]'
    "todo-local-database-
aws ecs describe-tasks --cluster $CLUSTER --tasks $TASKS --query 'tasks[].[taskArn,lastStatus,healthStatus,containers[0].networkInterfaces[0].privateIpv4Address]' --output text
    ^arn:aws:ecs:\S+:task/\S+\t[A-Z]+\t[A-Z]+\t(None|[\d.]+)\n
aws logs tail /ecs/todo-$STACK --since 5m
    ^app/app/[\w-]+ \{"
aws ecs list-task-definitions --family-prefix todo-$STACK-app --sort DESC --max-items 3
    "arn:aws:ecs:\S+:task-definition/todo-local-app:\d+"
""")  # noqa: E501 - as on the page
"""What only reads, and what it prints on the local system."""

CARRIED_OUT: Final = _table(r"""
make verify STACK=$STACK
aws ecs update-service --cluster $CLUSTER --service $SERVICE --task-definition todo-$STACK-app:N --query 'service.deployments[0].rolloutState'
aws ecs wait services-stable --cluster $CLUSTER --services $SERVICE
    test_a_version_that_is_taken_back_serves_and_verify_says_so
TASKS="$(aws ecs list-tasks --cluster $CLUSTER --service-name $SERVICE --query 'taskArns[]' --output text)"
aws logs tail /ecs/todo-$STACK --since 30m --log-stream-name-prefix app/app/TASK
aws ecs stop-task --cluster $CLUSTER --task TASK
    test_a_task_that_is_stopped_is_replaced
aws ecs update-service --cluster $CLUSTER --service $SERVICE --desired-count 2
    test_a_service_that_somebody_scaled_to_nothing_serves_again
SECRET="$(aws secretsmanager list-secrets --filters Key=name,Values=todo-$STACK-app --query 'SecretList[0].ARN' --output text)"
aws logs tail /ecs/todo-$STACK --since 15m --filter-pattern '?error ?warning'
    test_a_password_is_changed_without_a_restart
aws secretsmanager rotate-secret --secret-id $SECRET
    test_a_secret_is_rotated_at_once
aws acm list-certificates --query 'CertificateSummaryList[].[DomainName,CertificateArn]'
aws acm describe-certificate --certificate-arn CERTIFICATE --query Certificate.RenewalSummary
    test_a_certificate_is_found_and_described
aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=ID --max-items 20
aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=ExecuteCommand
    test_the_trail_says_who_did_what
""")  # noqa: E501 - as on the page
"""By command, the test in tests/engine/test_runbook.py that runs it and sees what it does."""

ELSEWHERE: Final = _table(r"""
make verify
    tests/engine/test_verify.py
make restore STACK=$STACK DO="begin --time 2026-11-29T07:59:31Z"
make restore STACK=$STACK DO=compare
make restore STACK=$STACK DO=cut-over
make restore STACK=$STACK DO=finish
make restore STACK=$STACK DO=drop
    tests/faults/test_restore.py
make drift
make drift STACK=$STACK
    tests/engine/test_drift.py
make up
make down
make down && make up
LOCAL_PORT=4600 make up
    tests/engine/test_failures.py
make clean
    `make down`, and two folders less
make test
    the run that this is part of
make faults
make faults SEED=N
    tests/faults/conftest.py
pulumi up
    tests/engine/test_plain_pulumi.py
pulumi stack history
    tests/engine/test_runbook.py
pulumi destroy
    tests/engine/prod_shaped.py
pulumi cancel --yes --stack $STACK
    local/stack.py
terraform apply
    tests/engine/test_terraform.py
""")
"""What another test runs, or `make up` does every time."""

PARSED: Final = _table(r"""
aws rds reboot-db-instance --db-instance-identifier $DATABASE --force-failover
    the local database has no standby
aws logs tail /aws/rds/instance/$DATABASE/slowquery --since 30m
    the emulator exports no logs of a database
aws logs tail /aws/lambda/todo-$STACK-app-rotation --since 2h
    the local stack rotates nothing: the function for it is AWS's own
aws rds modify-db-instance --db-instance-identifier $DATABASE --rotate-master-user-password --apply-immediately
    the emulator manages no passwords
aws rds describe-certificates
    the emulator knows no authorities
aws ecs execute-command --cluster $CLUSTER --task TASK --container app --interactive --command "python -I"
    the emulator has no agent in its tasks
""")  # noqa: E501 - as on the page
"""What no emulator can do, and why: operation and options are held to AWS's own models."""


def filled(command: str, **values: str) -> str:
    """Put values in place of words such as TASK; `$NAMES` are the shell's to fill."""
    for name, value in values.items():
        command, count = re.subn(rf"(?<![$\w]){name}\b", value, command)
        assert count, f"{command!r} has no {name}"
    return command
