"""Reads Terraform states from HCP Terraform and Terraform Enterprise.

The arguments are those of `terraform:state:getRemoteReference`.
"""

import json
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urljoin, urlsplit

from pulumi.provider.experimental.property_value import PropertyValue

from local.toolchain.terraform_states import Arguments, StateError, outputs_of, text

__all__ = ["read_remote"]

_DEFAULT_HOST = "app.terraform.io"
_API = "/api/v2/"
_SECONDS = 30
_MEANING = {
    401: "the token is not valid there",
    404: "there is no such thing, or the token may not read it",
}


def read_remote(arguments: Arguments) -> dict[str, PropertyValue]:
    """Read the current state of a workspace.

    Raises:
        StateError: if there is no readable state.
    """
    host = text(arguments, "hostname") or _DEFAULT_HOST
    organization, workspace = str(arguments["organization"]), _workspace(arguments)
    location = f"{host}/{organization}/{workspace}"
    token = text(arguments, "token") or _stored_token(host)
    if token is None:
        raise StateError(
            "token", f"There is no token for {host}. Run `terraform login {host}` or give one."
        )
    api = _Host(host, token, location)
    path = f"organizations/{quote(organization)}/workspaces/{quote(workspace)}"
    try:
        identity = str(api.get_json(path)["data"]["id"])
        version = api.get_json(f"workspaces/{quote(identity)}/current-state-version")
        url = str(version["data"]["attributes"]["hosted-state-download-url"])
    except (LookupError, TypeError) as error:
        raise StateError(
            "workspaces", f"{host} answers in another form than HCP Terraform's ({error!r})."
        ) from None
    return outputs_of(api.get(url).decode(errors="replace"), location, argument="workspaces")


def _workspace(arguments: Arguments) -> str:
    workspaces = arguments.get("workspaces")
    name = workspaces.get("name") if isinstance(workspaces, dict) else None
    if not isinstance(name, str) or not name:
        # With a prefix, the real plugin reads whichever workspace is called like the prefix.
        raise StateError("workspaces", "Name the workspace in full: `name`, not `prefix`.")
    return name


def _stored_token(host: str) -> str | None:
    """What `terraform login` has stored."""
    file = Path.home() / ".terraform.d" / "credentials.tfrc.json"
    try:
        token = json.loads(file.read_text())["credentials"][host]["token"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return str(token)


class _OverTls(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to plain HTTP: a state is full of secrets."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _require_tls(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_tls(url: str) -> None:
    if urlsplit(url).scheme != "https":
        raise urllib.error.URLError("that is not encrypted")


class _Host:
    """One host with its API."""

    def __init__(self, host: str, token: str, location: str) -> None:
        self._base = f"https://{host}{_API}"
        self._token = token
        self._location = location
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self._opener = urllib.request.build_opener(tls, _OverTls())

    def get_json(self, path: str) -> Any:  # noqa: ANN401 - whatever the API answers
        answer = self.get(path)
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise self._error(f"{urlsplit(self._base).netloc} does not speak its API") from None

    def get(self, path: str) -> bytes:
        """Get an address, absolute or below the API."""
        url = urljoin(self._base, path)
        request = urllib.request.Request(url)  # noqa: S310 - checked before it is opened
        if urlsplit(url).netloc == urlsplit(self._base).netloc:
            # Redirects go to signed addresses, mostly of another host: they need no token.
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            _require_tls(url)
            with self._opener.open(request, timeout=_SECONDS) as answer:
                content: bytes = answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            meaning = f" ({_MEANING[error.code]})" if error.code in _MEANING else ""
            raise self._error(f"{url} answers {error.code}{meaning}") from None
        except (OSError, HTTPException) as error:
            raise self._error(f"{url}: {getattr(error, 'reason', error)}") from None
        return content

    def _error(self, reason: str) -> StateError:
        return StateError(
            "workspaces", f"Cannot read the Terraform state {self._location}: {reason}."
        )
