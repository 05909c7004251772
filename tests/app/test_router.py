"""Which request reaches which handler."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from todo_app.rsgi import HTTPError, Request, Response, Router


async def item(_: Request) -> Response:
    return Response(200)


async def collection(_: Request) -> Response:
    return Response(200)


@pytest.fixture
def router() -> Router:
    router = Router()
    router.add("GET", "/", collection)
    router.add("POST", "/lists", collection)
    router.add("GET", "/lists/{list}/todos", collection)
    router.add("GET", "/lists/{list}/todos/{todo}", item)
    router.add("DELETE", "/lists/{list}/todos/{todo}", item)
    return router


def test_finds_handlers_with_what_stands_in_their_paths(router: Router) -> None:
    found = router.find("GET", "/lists/a b/todos/7")
    assert found == ("/lists/{list}/todos/{todo}", item, {"list": "a b", "todo": "7"})
    assert router.find("GET", "/") == ("/", collection, {})


def test_head_goes_where_get_goes(router: Router) -> None:
    assert router.find("HEAD", "/lists/a/todos") == router.find("GET", "/lists/a/todos")


@pytest.mark.parametrize(
    "path", ["/list", "/lists/", "/lists/a", "/lists/a/todo", "/lists/a/todos/7/8", "//lists", "/ "]
)
def test_other_paths_lead_nowhere(router: Router, path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        router.find("GET", path)
    assert caught.value.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("method", ["PUT", "get", "", "POST\r\n"])
def test_other_methods_are_told_which_there_are(router: Router, method: str) -> None:
    with pytest.raises(HTTPError) as caught:
        router.find(method, "/lists/a/todos/7")
    assert caught.value.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert caught.value.headers == (("allow", "DELETE, GET, HEAD"),)
