"""The steps of a restore, each a change of the stack's config that is previewed and deployed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.errors import OpsError
from ops.restore import sources
from ops.restore.compare import Account, account, as_text, compared, tables
from ops.restore.engine import Engine
from ops.restore.journal import Journal
from ops.restore.names import new_name, stated_name
from ops.restore.stack_config import Restore, StackConfig
from ops.verify.database import Server
from ops.verify.deployed import Resource, read_deployed

__all__ = ["Steps", "Wanted"]

_INSTANCE = "aws:rds/instance:Instance"
_SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type

_AFTERWARDS = {
    "begin": "repeat this command; or `drop` takes it back",
    "cut-over": "repeat this command; or `back` takes it back",
    "back": "repeat this command; or `cut-over` takes it back",
    "finish": "`pulumi up` goes on: no restore is under way any more",
    "drop": "`pulumi up` goes on: no restore is under way any more",
}
"""What goes on with a step whose deployment failed."""

Clients = Callable[[str], Any]
Ask = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to have back: one snapshot, one moment, or the latest there is.

    Attributes:
        snapshot: The snapshot's identifier.
        time: The moment.
        name: What the restore is called; None for the day.
    """

    snapshot: str | None = None
    time: datetime | None = None
    name: str | None = None

    def is_served_by(self, restore: Restore) -> bool:
        """Whether a restore that is under way is what is wanted."""
        time = sources.as_text(self.time) if self.time else None
        stated = (
            (self.snapshot, restore.snapshot),
            (time, restore.time),
            (self.name, restore.name),
        )
        return all(mine in (None, theirs) for mine, theirs in stated)


class Steps:
    """What can be done. Each step can be repeated, and says what comes next.

    Args:
        engine: Of the stack.
        clients: Makes AWS's clients, by the name of the service and the region.
        ask: Asks the person; False is no.
    """

    def __init__(self, engine: Engine, clients: Callable[[str, str], Any], ask: Ask) -> None:
        self._engine, self._ask = engine, ask
        self._config = StackConfig(engine)
        self._deployed = read_deployed(engine.stack)
        self._clients: Clients = lambda service: clients(service, self._deployed.region)

    def begin(self, wanted: Wanted) -> str:
        """Make the second database."""
        under_way = self._config.restore
        if under_way and not wanted.is_served_by(under_way):
            raise OpsError(
                f"{under_way.name} is under way, of {under_way.source}: `finish` or `drop` it "
                "first."
            )
        restore = under_way or self._restore(wanted)
        if under_way is None:
            self._journal(restore).begin()
        self._deploy("begin", restore, lambda: self._config.begin(restore))
        return (
            f"{restore.name} is there, with the data of {restore.source}, and nobody uses it. "
            "Next: `compare`, then `cut-over`; or `drop`, which takes it away again."
        )

    def compare(self) -> str:
        """Hold the data of both databases against each other."""
        restore = self._require_restore()
        serving, other = self._instances()
        with self._journal(restore).step("compare"):
            ours, theirs = (tables(self._account(one)) for one in (serving, other))
        names = [str(one["identifier"]) for one in (serving, other)]
        return as_text(list(compared(ours, theirs)), names[0], names[1])

    def cut_over(self) -> str:
        """Have the application use the restored database."""
        restore = self._require_restore()
        self._instances()
        self._deploy("cut-over", restore, lambda: self._config.serve(restored=True))
        seconds = self._journal(restore).since_the_beginning()
        return (
            f"The application uses {restore.name}, {seconds:.0f} s after the restore began. The "
            "other one stays as it is. Next: `make verify`; then `back`, or days later `finish`."
        )

    def back(self) -> str:
        """Have the application use the database that it used before."""
        restore = self._require_restore()
        self._deploy("back", restore, lambda: self._config.serve(restored=False))
        return "The application uses the database from before. `drop` takes the restored one away."

    def finish(self) -> str:
        """Have the restored database be the only one; the other goes."""
        restore = self._require_restore()
        if not self._serves(restore):
            raise OpsError(f"{restore.name} does not serve: `cut-over` first, or `drop` it.")
        _, old = self._instances()
        self._let_go(old, "finish", restore, lambda: self._config.finish(restore.name))
        return f"{restore.name} is the stack's database. Commit {self._config.file.name}."

    def drop(self) -> str:
        """Take the restored database away."""
        restore = self._require_restore()
        if self._serves(restore):
            raise OpsError(f"{restore.name} serves: `back` first, or `finish`.")
        if len(self._databases()) == 1:  # `begin` ended before there was another
            self._deploy("drop", restore, self._config.drop)
        else:
            _, restored = self._instances()
            self._let_go(restored, "drop", restore, self._config.drop)
        return "The stack is as it was before the restore."

    def _restore(self, wanted: Wanted) -> Restore:
        rds, identifier = self._clients("rds"), str(self._deployed.outputs["database"])
        name = self._name(rds, identifier, wanted.name)
        if wanted.snapshot:
            found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
            return Restore(name=name, snapshot=sources.snapshot(rds, wanted.snapshot, found[0]))
        return Restore(name=name, time=sources.moment(rds, identifier, wanted.time))

    def _name(self, rds: Any, database: str, stated: str | None) -> str:  # noqa: ANN401 - boto3's
        generation = self._config.generation
        if stated:
            return stated_name(rds, stated, database, generation)
        return new_name(rds, f"r{datetime.now(UTC):%Y%m%d}", database, generation)

    def _require_restore(self) -> Restore:
        if (restore := self._config.restore) is None:
            raise OpsError(f"No restore is under way in {self._config.file}: `begin` one.")
        return restore

    def _serves(self, restore: Restore) -> bool:
        return str(self._deployed.outputs["database"]).endswith(f"-{restore.name}")

    def _databases(self) -> list[Resource]:
        """Return the stack's databases, without their replicas."""
        found = self._deployed.all(_INSTANCE)
        return [one for one in found if not one.outputs.get("replicateSourceDb")]

    def _instances(self) -> tuple[Resource, Resource]:
        """Return the database that serves, and the other one."""
        found = self._databases()
        serving = [one for one in found if one["identifier"] == self._deployed.outputs["database"]]
        others = [one for one in found if one not in serving]
        if len(serving) != 1 or len(others) != 1:
            raise OpsError(
                f"Stack {self._engine.stack} has {len(found)} of the two databases: `begin` did "
                "not come to its end. Repeat it, or `drop` what is there of it."
            )
        return serving[0], others[0]

    def _account(self, instance: Resource) -> Account:
        managed = instance.outputs.get("masterUserSecrets")
        server = Server.of(self._deployed.environment(), self._engine.root)
        arn = managed[0]["secretArn"] if managed else self._generated_secret(instance).id
        return account(instance.outputs, arn, self._clients("secretsmanager"), server)

    def _generated_secret(self, instance: Resource) -> Resource:
        start, _, end = instance.name.rpartition("-database")
        name = f"{start}-master{end}-secret"
        for secret in self._deployed.all(_SECRET):
            if secret.name == name:
                return secret
        raise OpsError(f"Stack {self._engine.stack} has no secret {name}.")

    def _journal(self, restore: Restore) -> Journal:
        name = f"{self._engine.stack}-{restore.name}.jsonl"
        return Journal(self._engine.root / ".local" / "restore" / name)

    def _deploy(self, step: str, restore: Restore, change: Callable[[], None]) -> None:
        """Change the config and deploy it; the config stays as it was if nothing was deployed."""
        before, journal = self._config.file.read_bytes(), self._journal(restore)
        try:
            change()
            with journal.step(f"{step}: preview"):
                self._engine.preview()
            self._require_yes(f"{step} {restore.name}: deploy this?")
        except BaseException:
            self._config.file.write_bytes(before)
            raise
        try:
            with journal.step(f"{step}: deployment"):
                self._engine.up()
        except OpsError as error:
            raise OpsError(
                f"{error} {self._config.file.name} says what is wanted, and part of it may be "
                f"there: mend what is named, then {_AFTERWARDS[step]}."
            ) from None

    def _require_yes(self, question: str) -> None:
        if not self._ask(question):
            raise OpsError("Nothing was changed.")

    def _let_go(
        self, doomed: Resource, step: str, restore: Restore, change: Callable[[], None]
    ) -> None:
        """Deploy a change that deletes a database, which is protected up to this moment."""
        name = str(doomed["identifier"])
        kept = "no snapshot of it stays" if doomed["skipFinalSnapshot"] else "a last snapshot stays"
        self._require_yes(f"Database {name} will be deleted; {kept}. Do you mean it?")
        self._protect(doomed, on=False)
        try:
            self._deploy(step, restore, change)
        except BaseException:
            if self._config.restore is not None:  # it was not deployed
                self._protect(doomed, on=True)
            raise

    def _protect(self, instance: Resource, *, on: bool) -> None:
        """Set both protections of one database, where it has them; the other one's stay."""
        if instance.is_protected:
            self._engine.protect(instance.urn, on=on)
        if instance["deletionProtection"]:
            self._clients("rds").modify_db_instance(
                DBInstanceIdentifier=instance["identifier"],
                DeletionProtection=on,
                ApplyImmediately=True,
            )
