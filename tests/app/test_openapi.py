"""The interface's description says what the application does, no more and no less."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import pytest
from jsonschema_rs import Draft202012Validator, meta

from tests.app.served import Served
from todo_app.api import LARGEST_PAGE
from todo_app.openapi import DOCUMENT
from todo_app.rsgi import Router
from todo_app.todo import LARGEST_ORDER, LONGEST_TITLE

if TYPE_CHECKING:
    import httpx2

API: Final[dict[str, Any]] = json.loads(DOCUMENT)
LIST = "a" * 32
METHODS = ("get", "post", "patch", "put", "delete")


def resolved(node: Any) -> Any:  # noqa: ANN401 - a part of a JSON document
    """Follow a reference."""
    while "$ref" in node:
        found: Any = API
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in API["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def routes(router: Router) -> set[tuple[str, str]]:
    found, nodes = set(), [router._root]
    while nodes:
        node = nodes.pop()
        found |= {(method, node.pattern) for method in node.handlers}
        nodes += [*node.children.values(), *([node.variable] if node.variable else [])]
    return found


def test_describes_every_route_and_no_other(served: Served) -> None:
    described = {(method, path) for method, path, _ in operations()}
    known = {route for route in routes(served.application._router) if route[0] != "HEAD"}
    pages = {("GET", "/"), ("GET", "/lists/{list}"), ("GET", "/static/{file}")}
    assert described == known - pages
    assert known > pages


def test_is_served_as_it_is(client: httpx2.Client) -> None:
    response = client.get("/api/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == DOCUMENT
    assert API["openapi"].startswith("3.1.")


def test_addresses_in_it_are_relative_to_where_it_is(client: httpx2.Client) -> None:
    (server,) = API["servers"]
    for prefix in ("", "/some/prefix"):
        base = urljoin(f"http://todo.example{prefix}/api/openapi.json", server["url"])
        assert base.rstrip("/") + "/healthz" == f"http://todo.example{prefix}/healthz"
    assert client.get("/healthz").status_code == 200


def test_limits_in_it_are_the_real_ones() -> None:
    parts = API["components"]
    assert parts["schemas"]["Title"]["maxLength"] == LONGEST_TITLE
    assert parts["schemas"]["Order"]["maximum"] == LARGEST_ORDER
    assert parts["schemas"]["Order"]["minimum"] == -LARGEST_ORDER
    assert parts["parameters"]["limit"]["schema"]["maximum"] == LARGEST_PAGE
    assert parts["schemas"]["Todos"]["maxItems"] == LARGEST_PAGE


def objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a part of a JSON document
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from objects(each)
    elif isinstance(node, list):
        for each in node:
            yield from objects(each)


def test_everything_in_it_is_used_and_there() -> None:
    used = {node["$ref"] for node in objects(API) if "$ref" in node}
    declared = {
        f"#/components/{kind}/{name}" for kind, parts in API["components"].items() for name in parts
    }
    assert used == declared


def test_every_schema_says_all_that_an_object_may_have() -> None:
    for name, schema in API["components"]["schemas"].items():
        meta.validate(schema)
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


def test_examples_are_examples() -> None:
    checked = 0
    for node in objects(API):
        if "schema" not in node:
            continue
        examples = [each["value"] for each in node.get("examples", {}).values()]
        examples += [node["example"]] if "example" in node else []
        schema = {**resolved(node["schema"]), "components": API["components"]}
        for example in examples:
            Draft202012Validator(schema).validate(example)
            checked += 1
    assert checked > 15


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_every_operation_is_described_for_people(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"])
    assert operation["summary"]
    answers = {int(status): resolved(answer) for status, answer in operation["responses"].items()}
    assert all(answer["description"].endswith(".") for answer in answers.values())
    for status, answer in answers.items():
        assert "X-Request-Id" in answer["headers"]
        kinds = list(answer.get("content", {}))
        if status >= 400:
            assert kinds == ["application/problem+json"]
        else:
            assert kinds == ([] if status in (204, 304) else ["application/json"])
    assert 500 in answers
    # Health checks are never refused; whatever else there is may be.
    assert (429 in answers) == (path not in ("/healthz", "/readyz"))
    assert (422 in answers) == ("requestBody" in operation)
    assert ("requestBody" in operation) == (
        method == "PATCH" or operation["operationId"] == "addTodo"
    )


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    linked = {node["operationId"] for node in objects(API) if "operationId" in node}
    assert linked == set(names)
