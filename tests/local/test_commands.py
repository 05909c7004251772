import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.commands import reachable, require, run
from local.errors import LocalError


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers everything with 404."""

    class NotFound(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_output_is_returned_logged_and_watched(tmp_path: Path) -> None:
    seen: list[str] = []
    log = tmp_path / "logs" / "it.log"
    output = run([sys.executable, "-c", "print('one\\ntwo')"], log=log, watch=seen.append)
    assert output == log.read_text() == "one\ntwo\n"
    assert seen == ["one", "two"]


def test_a_failure_shows_code_last_lines_fix_and_log(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    script = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(LocalError) as caught:
        run([sys.executable, "-c", script], log=log, fix="Try this.")
    assert "failed with exit code 3" in str(caught.value)
    assert "the reason" in str(caught.value)
    assert f"Try this. The whole output is in {log}." in str(caught.value)


def test_a_missing_program_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LocalError, match=r"`terraform` is not installed.*\n.*Install it"):
        require("terraform", fix="Install it.")


def test_a_server_that_answers_with_an_error_is_reachable(url: str) -> None:
    assert reachable(url)


def test_a_closed_port_is_not_reachable() -> None:
    assert not reachable("http://127.0.0.1:1/")
