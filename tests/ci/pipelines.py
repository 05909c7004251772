"""What the pipelines of GitHub Actions and GitLab CI have to keep to, and what breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

__all__ = ["breaches_of_gitlab", "breaches_of_workflow", "load"]

Json = dict[str, Any]

_PINNED_ACTION = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_VERSION_COMMENT = re.compile(r"uses: \S+ # v\d+\.\d+\.\d+$")
_PINNED_IMAGE = re.compile(r".+@sha256:[0-9a-f]{64}")
# Whoever opens a pull request chooses these: text of theirs would become part of a script.
_CHOSEN = re.compile(r"\$\{\{(?!\s*(?:env|runner)\.)")
_READING = {"contents: read", "actions: read"}
_OWN_BRANCH = "head.repo.full_name == github.repository"
_SCRIPTS = ("before_script", "script", "after_script")
_OWN_ON_GITLAB = (
    "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID",
    "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
)
_KEYWORDS = {"workflow", "stages", "variables", "default", "include", "spec"}


def load(text: str) -> Json:
    """Read a pipeline; `on` stays a word."""
    document: Json = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only
    return document


def breaches_of_workflow(text: str) -> Iterator[str]:
    """Yield what a GitHub workflow breaks."""
    workflow = load(text)
    triggers = workflow["on"]
    if "pull_request_target" in triggers:
        yield "pull_request_target gives a fork's code what it must not have"
    if workflow.get("permissions") != {}:
        yield "permissions are not none at the top"
    if "concurrency" not in workflow:
        yield "runs pile up: no concurrency"
    for name, job in workflow["jobs"].items():
        for breach in _breaches_of_job(job, triggers):
            yield f"{name}: {breach}"
    for line in text.splitlines():
        if re.match(r"\s*(- )?uses: ", line) and not _VERSION_COMMENT.search(line):
            yield f"{line.strip()}: no version beside the commit"


def _breaches_of_job(job: Json, triggers: Json) -> Iterator[str]:
    trusted = "workflow_run" in triggers
    permissions = job.get("permissions")
    if permissions is None:
        yield "permissions are not said"
    granted = {f"{key}: {value}" for key, value in (permissions or {}).items()}
    allowed = _READING | {"id-token: write"}
    if trusted:
        allowed = _READING | {"pull-requests: write", "statuses: write"}
    if not any("uses" in step for step in job["steps"]):
        allowed = allowed | {"issues: write"}  # no code of anybody's beside the token
    for extra in sorted(granted - allowed):
        yield f"may {extra}"
    if "id-token: write" in granted:
        yield from _breaches_of_login(job, triggers)
    if "timeout-minutes" not in job:
        yield "no timeout"
    for step in job["steps"]:
        yield from _breaches_of_step(step, trusted=trusted)


def _breaches_of_login(job: Json, triggers: Json) -> Iterator[str]:
    """Yield what lets others than the default branch, or a branch of ours, log in to AWS."""
    merged = triggers.keys() <= {"push", "schedule", "workflow_dispatch"}
    condition = "github.ref == 'refs/heads/main'" if merged else _OWN_BRANCH
    if condition not in job.get("if", ""):
        yield "another branch could log in" if merged else "a fork's code could log in"
    if "environment" not in job:
        yield "a role that no environment holds back"


def _breaches_of_step(step: Json, *, trusted: bool) -> Iterator[str]:
    uses = step.get("uses", "")
    if uses and not _PINNED_ACTION.fullmatch(uses):
        yield f"{uses} is not pinned by its commit"
    if uses.startswith("actions/checkout@"):
        settings = step.get("with", {})
        if settings.get("persist-credentials") != "false":
            yield "a checkout keeps the token"
        if trusted and "ref" in settings:
            yield "a checkout of something else beside a token that writes"
    if _CHOSEN.search(step.get("run", "")):
        yield f"a script is put together from an expression: {step['run'].splitlines()[0]}"
    if "secrets." in str(step):
        yield "a secret is used"


def breaches_of_gitlab(text: str) -> Iterator[str]:
    """Yield what a GitLab pipeline breaks."""
    pipeline = load(text)
    default = pipeline.get("default", {})
    if not _PINNED_IMAGE.fullmatch(default.get("image", "")):
        yield "the default image is not pinned by its digest"
    if "timeout" not in default:
        yield "no timeout"
    if "include" in pipeline:
        yield "it includes what is elsewhere"
    for name, job in pipeline.items():
        if name not in _KEYWORDS and isinstance(job, dict):
            for breach in _breaches_of_gitlab_job(_whole(job, pipeline)):
                yield f"{name}: {breach}"


def _whole(job: Json, pipeline: Json) -> Json:
    """Return a job with what it extends, and with the scripts that it refers to."""
    named = job.get("extends", [])
    for base in [named] if isinstance(named, str) else reversed(named):
        job = {**_whole(pipeline[base], pipeline), **job}
    scripts = {part: list(_lines(job[part], pipeline)) for part in _SCRIPTS if part in job}
    return {**job, **scripts}


def _lines(script: list[Any], pipeline: Json) -> Iterator[str]:
    for line in script:
        if isinstance(line, str):
            yield line
        else:  # !reference [job, part]
            yield from pipeline[line[0]][line[1]]


def _breaches_of_gitlab_job(job: Json) -> Iterator[str]:
    rules = [rule.get("if", "") for rule in job.get("rules", [])]
    logs_in = "id_tokens" in job and "script" in job  # without a script it is part of others
    if logs_in and not all(any(own in rule for own in _OWN_ON_GITLAB) for rule in rules or [""]):
        yield "a fork's code could log in"
    if logs_in and "environment" not in job:
        yield "a role that no environment holds back"
    for image in [job.get("image"), *job.get("services", [])]:
        if image is not None and not _PINNED_IMAGE.fullmatch(str(image)):
            yield f"{image} is not pinned by its digest"
    script = [line for part in _SCRIPTS for line in job.get(part, [])]
    for line in script:
        if re.search(r"\$\{?CI_(MERGE_REQUEST_(TITLE|DESCRIPTION)|COMMIT_(MESSAGE|TITLE))", line):
            yield f"a script takes text of the change: {line}"
        if re.search(r"curl .*\|\s*(ba)?sh\b", line):
            yield f"a script from elsewhere is run: {line}"
    loads = [number for number, line in enumerate(script) if "curl -" in line]
    if loads and not any("sha256sum --check --strict" in line for line in script[loads[-1] :]):
        yield f"a download is not checked: {script[loads[-1]]}"
