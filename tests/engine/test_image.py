"""The application's image, built as a deployment builds it."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from image.sbom import bill_of_materials
from local.containers import docker
from local.errors import LocalError
from tests.engine.built_image import APP, Image, built, read_layers, started

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

pytestmark = pytest.mark.engine

BUNDLE = "/app/certs/aws-rds-global-bundle.pem"
LARGEST = 22_000_000

IMPORT_ALL = """
import importlib, pathlib, sys
for root in map(pathlib.Path, sys.path[1:]):
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root)
        name = ".".join([*inside.parent.parts, inside.name.partition(".")[0]])
        if file.suffix in (".py", ".pyc", ".so") and name.replace(".", "").isidentifier():
            name = name.removesuffix(".__init__")
            if name.endswith("__main__") or name in ("antigravity", "this"):
                continue  # these do something
            try:
                importlib.import_module(name)
            except BaseException as error:
                print("FAILED", name, repr(error)[:200].replace(chr(10), " "))
"""


@pytest.fixture(scope="module")
def base_image() -> str:
    config = yaml.safe_load((APP.parent / "Pulumi.local.yaml").read_text())["config"]
    return str(config["todo:image"]["baseImage"])


@pytest.fixture(scope="module")
def build_stage(base_image: str) -> Iterator[str]:
    with built(base_image, "build") as name:
        yield name


@pytest.fixture(scope="module")
def image(base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with built(base_image) as name:
        yield read_layers(name, tmp_path_factory.mktemp("image"))


def test_is_small(image: Image) -> None:
    assert image.packed <= LARGEST


def test_runs_without_rights(image: Image) -> None:
    shown = image.python(
        "import os, pathlib, pwd\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(os.getuid(), os.getgid(), pwd.getpwuid(os.getuid()).pw_name)\n"
        "print(*[line.split()[1] for line in status.splitlines() if line.startswith('Cap')])"
    )
    assert shown.splitlines() == ["65532 65532 todo", " ".join(["0" * 16] * 5)]


def test_nothing_in_it_is_writable_for_its_user_or_changes_the_user(image: Image) -> None:
    entries = {path: entry for path, entry in image.files.items() if not entry.issym()}
    assert len(entries) > 1000
    wrong = [
        path
        for path, entry in entries.items()
        if (entry.uid, entry.gid) != (0, 0) or entry.mode & 0o7022
    ]
    assert wrong == []


@pytest.mark.parametrize("program", ["/bin/sh", "bash", "busybox", "apt-get", "dpkg", "pip"])
def test_has_no_shell_and_no_package_manager(image: Image, program: str) -> None:
    status, output = image.run(options=(f"--entrypoint={program}",))
    assert status == 127, output


def test_has_no_program_but_python_and_its_loader(image: Image) -> None:
    programs = [
        path for path, entry in image.files.items() if entry.isfile() and entry.mode & 0o111
    ]
    assert sorted(re.sub(r".*/(python3|ld)\b.*", r"\1", path) for path in programs) == [
        "ld",
        "python3",
    ]
    status, _ = image.run("-m", "pip", options=("--entrypoint=python",))
    assert status == 1


def test_has_bytecode_in_place_of_every_source(image: Image) -> None:
    assert [path for path in image.files if path.endswith(".py") or "__pycache__" in path] == []
    sources = [*(APP / "todo_app").rglob("*.py")]
    compiled = {f"/app/{path.relative_to(APP)}c" for path in sources}
    assert compiled <= image.files.keys()


def test_bytecode_is_never_compared_with_a_source(image: Image) -> None:
    # PEP 552: bit 0 says hash instead of time, bit 1 says compare.
    flags = {int.from_bytes(head[4:8], "little") for head in image.bytecode.values()}
    assert flags == {0b01}


def test_whatever_can_be_imported_before_trimming_can_be_imported_after(
    image: Image, build_stage: str
) -> None:
    def failures(output: str) -> dict[str, str]:
        return dict(re.findall(r"^FAILED (\S+) (.*)$", output, re.MULTILINE))

    command = ["-W", "ignore", "-c", IMPORT_ALL]
    after = failures(image.run(*command, options=("--entrypoint=python",))[1])
    before = failures(docker("run", "--rm", "--entrypoint=/venv/bin/python", build_stage, *command))
    assert "multiprocessing.popen_spawn_win32" in after, "the check finds a module that fails"
    assert {name: why for name, why in after.items() if name not in before} == {}


def test_every_module_of_the_application_can_be_imported(image: Image) -> None:
    image.python(
        "import importlib, pkgutil, todo_app\n"
        "for module in pkgutil.iter_modules(todo_app.__path__, 'todo_app.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)"
    )


def test_can_ask_for_a_secret(image: Image) -> None:
    # Nobody listens: all that botocore reads from files has been read by then.
    shown = image.python(
        "import botocore.config, botocore.exceptions, botocore.session\n"
        "client = botocore.session.Session().create_client('secretsmanager', 'eu-west-1',\n"
        "    aws_access_key_id='x', aws_secret_access_key='x',\n"
        "    config=botocore.config.Config(proxies={'https': 'http://127.0.0.1:1'},\n"
        "        retries={'total_max_attempts': 1}))\n"
        "try: client.get_secret_value(SecretId='x')\n"
        "except botocore.exceptions.ProxyConnectionError: print(client.meta.endpoint_url)"
    )
    assert shown == "https://secretsmanager.eu-west-1.amazonaws.com"


def test_trusts_what_the_bundle_holds(image: Image) -> None:
    shown = image.python(
        "import pathlib, todo_app.tls\n"
        f"pem = pathlib.Path({BUNDLE!r}).read_text('ascii')\n"
        "print(len(todo_app.tls.verifying_context(pem).get_ca_certs()))"
    )
    bundle = (APP / "certs" / Path(BUNDLE).name).read_text()
    assert int(shown) == bundle.count("-----BEGIN CERTIFICATE-----")


def test_a_bundle_that_nobody_checked_stops_the_build(base_image: str, tmp_path: Path) -> None:
    context = shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    with (context / "certs" / Path(BUNDLE).name).open("a") as file:
        file.write("\n")
    with (
        pytest.raises(LocalError, match="computed checksum did NOT match"),
        built(base_image, "build", context),
    ):
        pass


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_unusable_settings_are_one_message_and_exit_code_2(image: Image, command: str) -> None:
    status, output = image.run(command)
    assert status == 2
    assert "DATABASE_HOST" in output
    assert "Traceback" not in output


@pytest.fixture
def environment(mysql_server: MySQLServer) -> dict[str, str]:
    return {
        "DATABASE_HOST": mysql_server.host,
        "DATABASE_PORT": str(mysql_server.port),
        "DATABASE_NAME": f"image_{uuid.uuid4().hex[:8]}",
        "DATABASE_CA_PEM": mysql_server.ca_file.read_text(),
        "DATABASE_USER": "image_test",
        "DATABASE_PASSWORD": uuid.uuid4().hex,
    }


def test_migrates_then_serves_alone_and_ends_by_itself(
    image: Image, mysql_server: MySQLServer, environment: dict[str, str]
) -> None:
    admin = {
        "DATABASE_ADMIN_USER": mysql_server.admin_user,
        "DATABASE_ADMIN_PASSWORD": mysql_server.admin_password,
    }
    with started(image, "migrate", environment | admin) as migration:
        assert migration.wait() == 0, migration.log()
    with started(image, "serve", environment) as app:
        app.wait_for_health("healthy")
        assert len(app.processes()) == 1, "process 1 has no children that it would have to reap"
        assert app.stop() == 0


def test_migrate_ends_by_itself_too(image: Image, environment: dict[str, str]) -> None:
    admin = {"DATABASE_ADMIN_USER": "nobody", "DATABASE_ADMIN_PASSWORD": "x"}
    waiting = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1"}
    with started(image, "migrate", environment | admin | waiting) as migration:
        while "127.0.0.1:1" not in migration.log():
            assert migration.inspect("{{.State.Running}}") == "true", migration.log()
        assert migration.stop() == 128 + 15


def test_is_unhealthy_when_nobody_answers(image: Image, environment: dict[str, str]) -> None:
    elsewhere = environment | {"DATABASE_HOST": "127.0.0.1", "HTTP_HOST": "127.0.0.2"}
    with started(image, "serve", elsewhere) as app:
        app.wait_for_health("unhealthy")


@pytest.fixture(scope="module")
def bill(image: Image) -> str:
    return bill_of_materials(image.name)


def test_the_bill_of_materials_names_all_that_is_in_it(image: Image, bill: str) -> None:
    purls = [component["purl"] for component in json.loads(bill)["components"]]
    inside = {
        canonical(*re.findall(r"/([^/]+)-([^-]+)\.dist-info/METADATA$", path)[0])
        for path in image.files
        if path.endswith(".dist-info/METADATA")
    }
    pinned = re.findall(r"^([\w-]+)==(\S+)", (APP / "requirements.txt").read_text(), re.MULTILINE)
    assert {purl for purl in purls if purl.startswith("pkg:pypi/")} == inside
    assert {canonical(*pin) for pin in pinned} == inside


def canonical(name: str, version: str) -> str:
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"


def test_the_bill_of_materials_names_python_and_the_packages_of_its_libraries(bill: str) -> None:
    purls = {component["purl"].partition("@")[0] for component in json.loads(bill)["components"]}
    assert purls >= {"pkg:generic/python", "pkg:deb/debian/libc6", "pkg:deb/debian/libssl3t64"}


def test_the_bill_of_materials_names_the_base_image(bill: str, base_image: str) -> None:
    (base,) = json.loads(bill)["metadata"]["component"]["properties"]
    assert base == {"name": "org.opencontainers.image.base.name", "value": base_image}


def test_the_same_image_has_the_same_bill_of_materials(image: Image, bill: str) -> None:
    assert bill_of_materials(image.name) == bill
