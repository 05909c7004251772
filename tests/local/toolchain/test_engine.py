"""The built toolchain as users meet it: the real engine on tiny programs."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.toolchain.tiny_project import Project, descendants, is_running, wait_until

pytestmark = pytest.mark.engine


def diagnostics(output: str) -> str:
    """What the engine has to say to the user after its progress."""
    return output.partition("Diagnostics:")[2].partition("Resources:")[0]


def test_a_program_gets_its_configuration_and_its_place(project: Project) -> None:
    project.write(
        "import sys, pulumi\n"
        "from pathlib import Path\n"
        "config = pulumi.Config()\n"
        "pulumi.export('plain', config.require('plain'))\n"
        "pulumi.export('secret', config.require_secret('secret'))\n"
        "pulumi.export('marked', pulumi.runtime.is_config_secret('tiny:secret'))\n"
        "pulumi.export('stack', pulumi.get_stack())\n"
        "pulumi.export('root', pulumi.get_root_directory())\n"
        "pulumi.export('here', str(Path.cwd()))\n"
        "pulumi.export('path', [entry for entry in sys.path if 'toolchain' in entry])\n"
    )
    project.succeed("config", "set", "plain", "1")
    project.succeed("config", "set", "--secret", "secret", "hidden")
    shown = project.succeed("up", "--yes", "--skip-preview")
    assert "hidden" not in shown
    outputs = project.outputs()
    assert outputs == {
        "plain": "1",
        "secret": "[secret]",
        "marked": True,
        "stack": "dev",
        "root": str(project.directory),
        "here": str(project.directory / "pulumi"),
        "path": [],
    }


def test_an_exception_is_shown_once_from_the_users_own_code_on(project: Project) -> None:
    project.write("def fail():\n    raise ValueError('boom')\n\nfail()\n")
    done = project.run("preview")
    assert done.returncode != 0
    shown = diagnostics(done.stdout)
    assert shown.count("ValueError: boom") == 1
    assert shown.count("Traceback") == 1
    assert "pulumi/__main__.py" in shown
    assert "program_runner" not in shown
    assert "runpy" not in shown


def test_an_error_for_the_user_is_shown_without_a_traceback(project: Project) -> None:
    project.write("import pulumi\nraise pulumi.RunError('todo:size must be small or large')\n")
    done = project.run("preview")
    assert done.returncode != 0
    shown = diagnostics(done.stdout)
    assert shown.count("todo:size must be small or large") == 1
    assert "Traceback" not in shown
    assert "exit code" not in shown


def test_a_failing_output_fails_the_program(project: Project) -> None:
    project.write(
        "import pulumi\n"
        "def fail(value): raise ValueError('late boom')\n"
        "pulumi.export('x', pulumi.Output.from_input(1).apply(fail))\n"
    )
    done = project.run("preview")
    assert done.returncode != 0
    assert "ValueError: late boom" in diagnostics(done.stdout)


def test_warnings_and_prints_reach_the_user(project: Project) -> None:
    project.write("import warnings\nprint('to out')\nwarnings.warn('take care')\n")
    shown = diagnostics(project.succeed("preview"))
    assert "to out" in shown
    assert "UserWarning: take care" in shown


def test_an_exit_code_is_reported(project: Project) -> None:
    project.write("import sys\nsys.exit('out of luck')\n")
    done = project.run("preview")
    assert done.returncode != 0
    assert "out of luck" in done.stdout
    assert "ended with exit code 1" in done.stdout


def test_a_missing_main_file_is_named(project: Project) -> None:
    done = project.run("preview")
    assert done.returncode != 0
    assert "it has no __main__.py" in diagnostics(done.stdout)


def test_the_virtual_environment_in_the_project_file_is_used(
    project: Project, tmp_path: Path
) -> None:
    environment = tmp_path / "project" / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "parent.pth").write_text(str(Path(json.__file__).parent) + "\n")
    (project.directory / "Pulumi.yaml").write_text(
        "name: tiny\nmain: pulumi/\nruntime: {name: python, options: {virtualenv: environment}}\n"
    )
    project.write("pass\n")
    done = project.run("preview")
    assert done.returncode != 0, "this environment has no SDK"
    assert f"The Pulumi SDK is not installed for {environment}/bin/python" in done.stdout


POLICY = """
from pulumi_policy import *

def check(args, report):
    if args.resource_type == "pulumi:pulumi:Stack" and {fail}:
        report("no stacks today")

PolicyPack("guard", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy(name="no-stacks", description="Stacks are forbidden.", validate=check),
])
"""


def write_pack(project: Project, *, fail: bool) -> Path:
    pack = project.directory / "policies"
    pack.mkdir(exist_ok=True)
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(POLICY.format(fail=fail))
    return pack


def test_a_mandatory_violation_stops_the_preview(project: Project) -> None:
    project.write("import pulumi\npulumi.export('x', 1)\n")
    done = project.run("preview", "--policy-pack", str(write_pack(project, fail=True)))
    assert done.returncode != 0
    assert "no stacks today" in done.stdout
    project.succeed("preview", "--policy-pack", str(write_pack(project, fail=False)))


def test_a_broken_policy_pack_shows_its_traceback(project: Project) -> None:
    project.write("pass\n")
    pack = write_pack(project, fail=False)
    (pack / "__main__.py").write_text("raise RuntimeError('broken pack')\n")
    done = project.run("preview", "--policy-pack", str(pack))
    assert done.returncode != 0
    assert "RuntimeError: broken pack" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_an_engine_that_is_stopped(
    project: Project, number: signal.Signals, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    pids.touch()
    project.write(
        "import os, time\nfrom pathlib import Path\n"
        f"Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{os.getppid()}}')\n"
        "time.sleep(600)\n"
    )
    engine = subprocess.Popen(
        project.command("preview"),
        cwd=project.directory,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: pids.read_text() != "")
    engine.send_signal(number)
    assert engine.wait(30) != 0
    wait_until(lambda: not any(is_running(int(pid)) for pid in pids.read_text().split()))


def test_the_aws_provider_does_not_outlive_a_killed_engine(
    project: Project, aws: dict[str, str], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    project.write(
        "import time\nfrom pathlib import Path\nimport pulumi_aws as aws\n"
        "aws.get_caller_identity()\n"
        f"Path({str(ready)!r}).touch()\n"
        "time.sleep(600)\n"
    )
    engine = subprocess.Popen(
        project.command("preview"),
        cwd=project.directory,
        env={**project.environment, **aws},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(ready.exists)
    started = descendants(engine.pid)
    assert len(started) > 3  # language host, program, plugin, provider
    engine.kill()
    engine.wait(30)
    wait_until(lambda: not any(is_running(pid) for pid in started))


AWS_PROGRAM = """
import pulumi
import pulumi_aws as aws
key = aws.kms.Key("key", description="Everything", enable_key_rotation=True)
secret = aws.secretsmanager.Secret("secret", kms_key_id=key.arn, recovery_window_in_days=0)
password = aws.secretsmanager.get_random_password_output(password_length=20)
aws.secretsmanager.SecretVersion(
    "version", secret_id=secret.id, secret_string=password.random_password,
    opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
)
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
group = aws.ec2.SecurityGroup("db", vpc_id=vpc.id, egress=[
    {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]},
])
aws.vpc.SecurityGroupIngressRule(
    "mysql", security_group_id=group.id, referenced_security_group_id=group.id,
    ip_protocol="tcp", from_port=3306, to_port=3306,
)
policy = aws.iam.get_policy_document_output(statements=[
    {"actions": ["kms:Decrypt"], "resources": [key.arn]},
])
pulumi.export("egress", group.egress[0].cidr_blocks)
pulumi.export("policy", policy.json)
"""


def test_aws_resources_come_stay_and_go(project: Project, aws: dict[str, str]) -> None:
    project = project.with_environment(aws)
    project.write(AWS_PROGRAM)
    project.succeed("up", "--yes", "--skip-preview")
    outputs = project.outputs()
    assert outputs["egress"] == ["10.0.0.0/16"]
    assert "kms:Decrypt" in str(outputs["policy"])
    project.succeed("preview", "--expect-no-changes")
    project.succeed("destroy", "--yes", "--skip-preview")
    assert json.loads(project.succeed("stack", "export"))["deployment"].get("resources") is None


def test_terraform_outputs_arrive_with_their_types(project: Project, tmp_path: Path) -> None:
    state = {"version": 4, "outputs": {"zones": {"value": ["a", "b"]}, "n": {"value": 3}}}
    (tmp_path / "terraform.tfstate").write_text(json.dumps(state))
    project.write(
        "import pulumi, pulumi_terraform as terraform\n"
        f"state = terraform.state.get_local_reference({str(tmp_path / 'terraform.tfstate')!r})\n"
        "pulumi.export('out', state.outputs)\n"
    )
    project.succeed("up", "--yes", "--skip-preview")
    outputs = project.outputs()
    assert outputs["out"] == {"zones": ["a", "b"], "n": 3}


def test_a_missing_terraform_state_is_one_clear_message(project: Project) -> None:
    project.write(
        "import pulumi_terraform as terraform\n"
        "terraform.state.get_local_reference('none.tfstate')\n"
    )
    done = project.run("preview")
    assert done.returncode != 0
    assert "There is no Terraform state at" in done.stdout
    assert "none.tfstate" in done.stdout


IMAGE_PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
repository = aws.ecr.Repository(
    "repository", name="{repository}", image_tag_mutability="IMMUTABLE", force_delete=True
)
login = aws.ecr.get_authorization_token_output()
image = docker.Image(
    "image",
    image_name=repository.name.apply(lambda name: f"{registry}/{{name}}:v1"),
    build=docker.DockerBuildArgs(context="../app", platform="linux/amd64"),
    registry=docker.RegistryArgs(
        server="{registry}", username=login.user_name, password=login.password
    ),
)
pulumi.export("digest", image.repo_digest)
"""


@pytest.fixture
def image_project(project: Project, aws: dict[str, str]) -> Iterator[Project]:
    """A project whose image is pushed to the emulated registry, brought up."""
    project = project.with_environment(aws)
    app = project.directory / "app"
    app.mkdir()
    (app / "Dockerfile").write_text("FROM scratch\nCOPY greeting /\n")
    (app / "greeting").write_text(f"hello from {project.directory}")
    (app / ".dockerignore").write_text("*.log\n")
    registry = aws["AWS_ENDPOINT_URL"].removeprefix("http://")
    repository = f"tiny/{uuid.uuid4().hex}"
    project.write(IMAGE_PROGRAM.format(registry=registry, repository=repository))
    project.succeed("up", "--yes", "--skip-preview")
    yield project
    listing = ["docker", "image", "ls", "--quiet", f"{registry}/{repository}"]
    images = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "image", "rm", "--force", *set(images)], check=True)


def digest(project: Project) -> str:
    return project.succeed("stack", "output", "digest").strip()


def test_an_unchanged_image_is_neither_built_nor_pushed(image_project: Project) -> None:
    app = image_project.directory / "app"
    os.utime(app / "greeting", (0, 0))
    (app / "debug.log").write_text("noise")
    before = digest(image_project)
    assert "@sha256:" in before
    image_project.succeed("preview", "--expect-no-changes")
    assert "unchanged" in image_project.succeed("up", "--yes", "--skip-preview")
    assert digest(image_project) == before


def test_a_pushed_image_is_taken_over_when_the_state_was_lost(image_project: Project) -> None:
    before = digest(image_project)
    urn = "urn:pulumi:dev::tiny::docker:index/image:Image::image"
    image_project.succeed("state", "delete", urn, "--yes")
    image_project.succeed("up", "--yes", "--skip-preview")
    assert digest(image_project) == before


def test_other_content_under_an_immutable_tag_is_refused(image_project: Project) -> None:
    (image_project.directory / "app" / "greeting").write_text("something else")
    done = image_project.run("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    shown = diagnostics(done.stdout)
    assert "change the tag" in shown
    assert 'File "' not in shown, "no traceback"


def test_a_failed_build_shows_its_last_lines(image_project: Project) -> None:
    (image_project.directory / "app" / "Dockerfile").write_text("FROM scratch\nCOPY nothing /\n")
    done = image_project.run("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    shown = diagnostics(done.stdout)
    assert "COPY failed" in shown
    assert "docker build -f" in shown
    assert 'File "' not in shown, "no traceback"
