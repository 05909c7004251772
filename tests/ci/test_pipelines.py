"""The pipelines: linted by the tools made for them, and held to our own points."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.ci.pipelines import breaches_of_gitlab, breaches_of_workflow, load

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
GITLAB = ROOT / ".gitlab-ci.yml"
TOOLS = Path(sys.executable).parent


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def workflow(name: str) -> str:
    return (ROOT / ".github" / "workflows" / f"{name}.yml").read_text()


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_to_everything(path: Path) -> None:
    assert list(breaches_of_workflow(path.read_text())) == []


def test_workflows_have_no_known_weakness() -> None:
    done = run(TOOLS / "zizmor", "--offline", "--quiet", "--no-progress", *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_a_weakness_here(tmp_path: Path) -> None:
    weak = tmp_path / "weak.yml"
    text = workflow("pull-request")
    weak.write_text(changed(text, "- run: make lint", "- run: echo ${{ github.head_ref }}"))
    done = run(TOOLS / "zizmor", "--offline", "--quiet", "--no-progress", weak)
    assert done.returncode != 0
    assert "template-injection" in done.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        (["vendor.github-workflows"], WORKFLOWS),
        (["vendor.gitlab-ci", "--data-transform", "gitlab-ci"], [GITLAB]),
    ],
    ids=["GitHub", "GitLab"],
)
def test_the_pipelines_are_valid_to_their_platform(
    schema: list[str], files: list[Path], tmp_path: Path
) -> None:
    check: list[str | Path] = [TOOLS / "check-jsonschema", "--builtin-schema", *schema]
    done = run(*check, *files)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(re.sub(r"timeout(-minutes)?: \w+", r"timeout\1: [1]", files[0].read_text()))
    assert run(*check, wrong).returncode == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "breach"),
    [
        ("pull-request", "  pull_request:\n", "  pull_request_target:\n", "pull_request_target"),
        ("pull-request", "permissions: {}", "permissions: write-all", "not none at the top"),
        ("pull-request", "contents: read", "contents: write", "lint: may contents: write"),
        ("pull-request", "      contents: read\n", "      pull-requests: write\n",
         "may pull-requests: write"),
        ("pull-request", "    permissions:\n      contents: read\n", "", "are not said"),
        ("pull-request", "head.repo.full_name == github.repository", "head.repo.fork == true",
         "a fork's code could log in"),
        ("pull-request", "    timeout-minutes: 20\n", "", "lint: no timeout"),
        ("pull-request", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5",
         "actions/checkout@v5 is not pinned"),
        ("pull-request", "dd907a8 # v5.0.0", "dd907a8", "no version beside the commit"),
        ("pull-request", "persist-credentials: false", "fetch-depth: 1", "keeps the token"),
        ("pull-request", "- run: make lint", "- run: make ${{ github.event.pull_request.title }}",
         "put together from an expression"),
        ("pull-request", "- run: make lint", "- run: make ${{ matrix.x }}",
         "put together from an expression"),
        ("pull-request", "- run: make lint", "- run: make\n        env: {X: '${{ secrets.X }}'}",
         "a secret is used"),
        ("pull-request", "concurrency:", "concurrence:", "runs pile up"),
        ("comment", "fetch-depth: 0", "ref: ${{ github.event.workflow_run.head_sha }}",
         "a checkout of something else"),
        ("comment", "statuses: write", "contents: write", "may contents: write"),
        ("deploy", "github.ref == 'refs/heads/main' && ", "", "dev: another branch could log in"),
        ("deploy", "  workflow_dispatch:", "  pull_request:", "dev: a fork's code could log in"),
        ("deploy", "    environment: dev\n", "", "dev: a role that no environment holds back"),
        ("nightly", "issues: write", "contents: write", "tell: may contents: write"),
        ("nightly", "      - run: |\n          open=",
         "      - uses: x/y@v1\n        run: |\n          open=", "tell: may issues: write"),
    ],
)  # fmt: skip
def test_a_weaker_workflow_is_found(name: str, old: str, new: str, breach: str) -> None:
    found = list(breaches_of_workflow(changed(workflow(name), old, new)))
    assert any(breach in one for one in found), found


def test_the_gitlab_pipeline_keeps_to_everything() -> None:
    assert list(breaches_of_gitlab(GITLAB.read_text())) == []


@pytest.mark.parametrize(
    ("old", "new", "breach"),
    [
        ("@sha256:8d9d", ":8d9d", "default image is not pinned"),
        ("  timeout: 30m\n", "", "no timeout"),
        (" &&\n        $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID", "", "could log in"),
        (
            "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $AWS_DEPLOY_ROLE",
            "$AWS_DEPLOY_ROLE",
            "deploy-dev: a fork's code could log in",
        ),
        (
            "  environment:\n    name: audit\n    action: access\n",
            "",
            "nightly: a role that no environment holds back",
        ),
        ("  stage: comment\n", "  stage: comment\n  image: python:3.13\n", "is not pinned"),
        ("    - make lint\n", "    - curl -fsSLo- https://x | sh\n", "a script from elsewhere"),
        ("    - make lint\n", "    - make $CI_MERGE_REQUEST_TITLE\n", "takes text of the change"),
        ('      | grep " $archive\\$" | sha256sum --check --strict\n', "", "not checked"),
        ("stages:", "include: https://x/y.yml\nstages:", "includes what is elsewhere"),
    ],
)
def test_a_weaker_gitlab_pipeline_is_found(old: str, new: str, breach: str) -> None:
    found = list(breaches_of_gitlab(changed(GITLAB.read_text(), old, new)))
    assert any(breach in one for one in found), found


def test_both_platforms_do_the_same_work() -> None:
    jobs = set(load(workflow("pull-request"))["jobs"])
    assert jobs == {"lint", "leaks", "unit", "preview", "preview-aws", "report"}
    others = {"comment", "deploy-dev", "deploy-prod", "nightly", "supply-chain"}
    assert jobs | others <= load(GITLAB.read_text()).keys()
    targets = re.compile(r"(?<!git )\bmake (?:-C \S+ )?([a-z]+(?:-[a-z]+)*)")
    everything = "\n".join(path.read_text() for path in WORKFLOWS)
    github, gitlab = (set(targets.findall(text)) for text in (everything, GITLAB.read_text()))
    assert github == gitlab
    assert github == {
        *("lint", "scan-config", "secrets", "test-unit", "preview", "report"),
        *("verify", "drift", "supply-chain"),
    }


def test_whatever_is_deployed_is_verified_and_watched() -> None:
    """On both platforms: dev before prod, verified even after a failure, and every night."""
    deploy, nightly = (load(workflow(name))["jobs"] for name in ("deploy", "nightly"))
    assert list(deploy) == ["dev", "prod"]
    assert deploy["prod"]["needs"] == "dev"
    for name, job in deploy.items():
        assert job["env"]["STACK"] == job["environment"] == name
        *_, up, verify = job["steps"]
        assert "pulumi up" in up["run"]
        assert verify["run"].startswith('make verify STACK="$STACK" WAIT=')
        assert f"steps.{up['id']}.outcome != 'skipped'" in verify["if"]
        assert verify["shell"] == "bash", "without it `| tee` would hide a failure"
    looks = [step["run"].split(" STACK")[0] for step in nightly["look"]["steps"][-2:]]
    assert looks == ["make verify", "make drift"]
    assert "schedule" in load(workflow("nightly"))["on"]

    gitlab = load(GITLAB.read_text())
    stages = gitlab["stages"]
    assert stages.index("dev") < stages.index("prod")
    assert [line.split(" ")[:2] for line in gitlab[".deploy"]["script"]][-3:] == [
        *(["pulumi", "up"], ["make", "verify"]),
        ["test", "-z"],
    ]
    assert '$CI_PIPELINE_SOURCE == "schedule"' in gitlab["nightly"]["rules"][0]["if"]


def test_the_versions_are_those_of_the_project() -> None:
    pinned = re.search(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned
    for name in ("pull-request", "deploy", "nightly"):
        assert f"pulumi-version: {pinned[1]}\n" in workflow(name)
    gitlab = load(GITLAB.read_text())["variables"]
    assert gitlab["PULUMI_VERSION"] == pinned[1]
    github = load(workflow("pull-request"))["env"]
    assert gitlab["TERRAFORM_VERSION"] == github["TERRAFORM_VERSION"]
    assert f'terraform_version: "{gitlab["TERRAFORM_VERSION"]}"\n' in workflow("nightly")


def test_what_comments_needs_no_package_of_others() -> None:
    code = "import ops.report.post, ops.report.gate"
    done = run(sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}")
    assert done.returncode == 0, done.stderr


def test_the_comment_follows_the_workflows_it_names() -> None:
    followed = load(workflow("comment"))["on"]["workflow_run"]["workflows"]
    assert followed == [load(workflow(name))["name"] for name in ("pull-request", "review")]


def owners(path: str) -> list[str]:
    """Owners by the last line that matches, as GitHub and GitLab have it."""
    found: list[str] = []
    for line in (ROOT / "CODEOWNERS").read_text().splitlines():
        pattern, *names = line.partition("#")[0].split() or [""]
        rooted = pattern.removeprefix("/") + ("*" if pattern.endswith("/") else "")
        if pattern and fnmatch(path, rooted):
            found = names
    return found


def test_every_file_has_an_owner_and_the_stacks_have_two() -> None:
    files = run("git", "ls-files").stdout.split("\n")[:-1]
    assert files
    assert [path for path in files if "@example/platform" not in owners(path)] == []
    stacks = [path for path in files if fnmatch(path, "Pulumi.*.yaml")]
    assert {tuple(owners(path)) for path in stacks} == {("@example/platform", "@example/product")}
    assert owners("Pulumi.yaml") == owners("policies/config/prod.json") == ["@example/platform"]


def test_there_is_one_list_of_owners() -> None:
    places = ["CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"]
    assert [place for place in places if (ROOT / place).exists()] == ["CODEOWNERS"]
