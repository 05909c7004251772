"""Posting, against a server that behaves as the two platforms' interfaces do."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ops.report import gate, post
from ops.report.text import MARKER

Json = dict[str, Any]
SHA = "a" * 40
BOT = "github-actions[bot]"


@dataclass
class Forge:
    """What a platform holds of one pull request, and who may do what."""

    comments: list[Json] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    pulls: list[Json] = field(default_factory=list)
    reviews: list[Json] = field(default_factory=list)
    reviews_of: dict[str, list[Json]] = field(default_factory=dict)
    statuses: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    token: str = "Bearer good"
    url: str = ""

    def add(self, body: str, login: str = BOT) -> int:
        key = len(self.comments) + 1
        # GitHub calls the author `user`, GitLab `author`.
        user = {"login": login, "id": 7 if login == BOT else 8}
        self.comments.append({"id": key, "body": body, "user": user, "author": user})
        return key

    def bodies(self) -> list[str]:
        return [one["body"] for one in self.comments]

    def answer(self, method: str, path: str, query: Json, body: Json | None) -> tuple[int, Any]:
        """Return status and JSON."""
        parts = path.strip("/").split("/")
        if path == "/user":
            return 200, {"id": 7}
        if parts[-1] == "pulls":
            return 200, [one for one in self.pulls if one["from"] == query["head"][0]]
        if parts[-1] == "reviews":
            return 200, self.reviews_of.get(parts[-2], self.reviews)
        if "statuses" in parts:
            self.statuses.append(body or {})
            return 201, {}
        if "labels" in parts or (parts[-2:-1] == ["merge_requests"] and method == "PUT"):
            return self._label(method, parts, body or {})
        return self._comment(method, parts[-1], query, body or {})

    def _comment(self, method: str, last: str, query: Json, body: Json) -> tuple[int, Any]:
        if last in {"comments", "notes"} and method == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[size * (page - 1) : size * page]
        if last in {"comments", "notes"}:
            return 201, {"id": self.add(body["body"])}
        found = [one for one in self.comments if str(one["id"]) == last]
        if found and method == "DELETE":
            self.comments.remove(found[0])
        elif found:
            found[0]["body"] = body["body"]
        return (204 if method == "DELETE" else 200, None) if found else (404, {"message": "None"})

    def _label(self, method: str, parts: list[str], body: Json) -> tuple[int, Any]:
        if method == "DELETE":
            if parts[-1] not in self.labels:
                return 404, {"message": "Label does not exist"}
            self.labels.remove(parts[-1])
        elif "remove_labels" in body:
            self.labels.discard(body["remove_labels"])
        else:
            self.labels |= set(body.get("labels", [body.get("add_labels")]))
        return 200, []


@pytest.fixture
def forge() -> Iterator[Forge]:
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            split = urlsplit(self.path)
            forge.asked.append(f"{self.command} {split.path}")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            login = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
            if login == forge.token:
                answer = forge.answer(self.command, split.path, parse_qs(split.query), body)
            else:
                answer = (401, {"message": "Bad credentials"})
            status, content = answer
            data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield forge
        server.shutdown()
        thread.join()


@pytest.fixture
def github(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Forge:
    monkeypatch.setenv("GITHUB_API_URL", forge.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/todo")
    monkeypatch.setenv("GITHUB_TOKEN", "good")
    monkeypatch.delenv("REPORT_AUTHOR", raising=False)
    return forge


@pytest.fixture
def gitlab(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Forge:
    monkeypatch.setenv("CI_API_V4_URL", forge.url)
    monkeypatch.setenv("CI_PROJECT_ID", "42")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "7")
    monkeypatch.setenv("GITLAB_TOKEN", "good")
    forge.token = "good"
    return forge


@pytest.fixture(params=["github", "gitlab"])
def platform(request: pytest.FixtureRequest) -> tuple[Forge, list[str]]:
    forge: Forge = request.getfixturevalue(request.param)
    number = ["--pull-request", "7"] if request.param == "github" else []
    return forge, [f"--{request.param}", *number]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "comment.md"
    path.write_text(f"{MARKER}\n## first\n")
    return path


Platform = tuple[Forge, list[str]]


def test_there_is_one_comment_and_it_is_updated_in_place(platform: Platform, report: Path) -> None:
    forge, options = platform
    assert post.main([str(report), *options]) == 0
    report.write_text(f"{MARKER}\n## second\n")
    assert post.main([str(report), *options]) == 0
    assert forge.bodies() == [f"{MARKER}\n## second\n"]


def test_a_comment_that_says_the_same_is_left(
    platform: Platform, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge, options = platform
    assert post.main([str(report), *options]) == 0
    forge.comments[0]["body"] = f"{MARKER}\r\n## first"  # as the platforms store it
    before = len(forge.asked)
    assert post.main([str(report), *options]) == 0
    assert {one.split()[0] for one in forge.asked[before:]} == {"GET"}
    assert capsys.readouterr().out == "comment created\ncomment unchanged\n"


def test_comments_of_others_are_never_touched(platform: Platform, report: Path) -> None:
    forge, options = platform
    forge.add(f"{MARKER}\nmine", login="somebody")
    forge.add("a word of the bot about something else")
    assert post.main([str(report), *options]) == 0
    assert forge.bodies()[:2] == [f"{MARKER}\nmine", "a word of the bot about something else"]
    assert len(forge.bodies()) == 3


def test_a_comment_on_a_later_page_is_found(platform: Platform, report: Path) -> None:
    forge, options = platform
    for number in range(230):
        forge.add(f"talk {number}", login="somebody")
    forge.add(f"{MARKER}\nold")
    assert post.main([str(report), *options]) == 0
    assert forge.bodies()[230:] == [f"{MARKER}\n## first\n"]


def test_of_two_comments_one_is_left(platform: Platform, report: Path) -> None:
    forge, options = platform
    forge.add(f"{MARKER}\nold")
    forge.add(f"{MARKER}\nold, too")
    assert post.main([str(report), *options]) == 0
    assert forge.bodies() == [f"{MARKER}\n## first\n"]


@pytest.mark.parametrize("before", [set(), {"product-only", "other"}])
def test_the_label_follows_the_verdict(
    platform: Platform, report: Path, tmp_path: Path, before: set[str]
) -> None:
    forge, options = platform
    forge.labels |= before
    verdict = tmp_path / "ownership.json"
    for product_only in (True, False):
        verdict.write_text(json.dumps({"productOnly": product_only, "line": "whose"}))
        assert post.main([str(report), *options, "--ownership", str(verdict)]) == 0
        assert ("product-only" in forge.labels) is product_only
    assert forge.bodies() == [f"{MARKER}\n## first\n\n- **Review**: whose\n"]
    assert before - {"product-only"} <= forge.labels


def test_a_refusal_is_shown_and_the_exit_code_says_so(
    platform: Platform,
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forge, options = platform
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.setenv(name, "stale")
    assert post.main([str(report), *options]) == 2
    error = capsys.readouterr().err
    assert "is refused with 401: Bad credentials" in error
    assert "stale" not in error
    assert forge.bodies() == []


def test_a_missing_token_is_named(
    platform: Platform,
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert post.main([str(report), *platform[1]]) == 2
    assert "_TOKEN is not set" in capsys.readouterr().err


def test_a_platform_that_is_not_there_is_named(
    report: Path, github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    assert post.main([str(report), "--github", "--pull-request", "7"]) == 2
    assert "http://127.0.0.1:9 does not answer" in capsys.readouterr().err
    assert github.asked == []


def test_a_forks_pull_request_is_found_by_where_it_comes_from(github: Forge, report: Path) -> None:
    github.pulls = [
        {"number": 7, "from": "fork:fix", "head": {"sha": SHA}},
        {"number": 8, "from": "other:fix", "head": {"sha": SHA}},
    ]
    assert post.main([str(report), "--github", "--head", "fork:fix", "--sha", SHA]) == 0
    posted = [one for one in github.asked if one.startswith("POST")]
    assert posted == ["POST /repos/team/todo/issues/7/comments"]


def test_a_report_on_a_commit_that_is_no_more_the_newest_is_dropped(
    github: Forge, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.pulls = [{"number": 7, "from": "fork:fix", "head": {"sha": "b" * 40}}]
    assert post.main([str(report), "--github", "--head", "fork:fix", "--sha", SHA]) == 0
    assert github.bodies() == []
    assert "nothing to do" in capsys.readouterr().out


def test_which_pull_request_has_to_be_said(
    github: Forge, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert post.main([str(report), "--github", "--head", "fork:fix"]) == 2
    assert "--head and --sha" in capsys.readouterr().err
    assert github.asked == []


def test_what_a_forks_code_wrote_is_defused(github: Forge, report: Path) -> None:
    report.write_text("@everyone ![](http://tracker)")
    assert post.main([str(report), "--github", "--pull-request", "7"]) == 0
    assert github.bodies() == [f"{MARKER}\n@\u200beveryone !\u200b[](http://tracker)"]


@pytest.fixture
def verdict(tmp_path: Path) -> Path:
    path = tmp_path / "ownership.json"
    path.write_text(json.dumps({"productOnly": False, "line": "the platform team has to review"}))
    return path


@pytest.fixture
def asked(github: Forge, verdict: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("PLATFORM_REVIEWERS", "Ann, bob")
    github.pulls = [{"number": 7, "from": "fork:fix", "head": {"sha": SHA}}]
    return ["--head", "fork:fix", "--sha", SHA, "--ownership", str(verdict)]


def review(login: str, state: str = "APPROVED", commit: str = SHA) -> Json:
    return {"user": {"login": login}, "state": state, "commit_id": commit}


@pytest.mark.parametrize(
    ("reviews", "state"),
    [
        ([], "pending"),
        ([review("carol")], "pending"),
        ([review("ann")], "success"),
        ([review("ANN"), review("ann", "COMMENTED")], "success"),
        ([review("ann", commit="b" * 40)], "pending"),
        ([review("ann"), review("ann", "CHANGES_REQUESTED")], "pending"),
        ([review("ann"), review("ann", "DISMISSED")], "pending"),
        ([review("ann", "DISMISSED"), review("bob")], "success"),
    ],
)
def test_what_is_the_platforms_waits_for_its_approval(
    github: Forge, asked: list[str], reviews: list[Json], state: str
) -> None:
    github.reviews = reviews
    assert gate.main(asked) == 0
    (status,) = github.statuses
    assert (status["context"], status["state"]) == ("ownership", state)


def test_a_commit_in_two_requests_is_as_far_as_the_one_that_lacks_something(
    github: Forge, asked: list[str]
) -> None:
    github.pulls.append({"number": 8, "from": "fork:fix", "head": {"sha": SHA}})
    github.reviews_of = {"7": [review("ann")], "8": []}
    assert gate.main(asked) == 0
    assert [status["state"] for status in github.statuses] == ["pending"]


def test_what_is_the_product_teams_waits_for_nobody(
    github: Forge, asked: list[str], verdict: Path
) -> None:
    verdict.write_text(json.dumps({"productOnly": True, "line": "x" * 200}))
    assert gate.main(asked) == 0
    (status,) = github.statuses
    assert status["state"] == "success"
    assert len(status["description"]) == 140, "what GitHub takes"


def test_without_named_reviewers_nothing_is_held_back(
    github: Forge, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLATFORM_REVIEWERS")
    assert gate.main(asked) == 0
    assert github.asked == []


def test_a_verdict_that_is_none_sets_no_status(
    github: Forge, asked: list[str], verdict: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict.write_text("{}")
    assert gate.main(asked) == 2
    assert "is not what ops.ownership writes" in capsys.readouterr().err
    assert github.statuses == []
