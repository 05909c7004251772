"""What browsers open: the way to a list, its page, and the files that the page is made of."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from todo_app.api import LARGEST_PAGE
from todo_app.todo import Todo

if TYPE_CHECKING:
    import httpx2

    from tests.app.served import InMemoryTodoStore

LIST = "a" * 32
OTHER = "b" * 32
PAGE = f"/lists/{LIST}"
TODOS = f"/api/lists/{LIST}/todos"
YEAR = 365 * 24 * 3600


class Page(HTMLParser):
    """Collects what the content security policy is about, and what a page says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self._script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self._script = tag == "script"
        self.links += [names[name] or "" for name in ("src", "href") if name in names]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.inline.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)
        self._script = False
        self.words += data


def cookie(response: httpx2.Response) -> str:
    return str(response.headers["Set-Cookie"])


def test_a_first_visit_leads_to_a_list_that_nobody_knows(client: httpx2.Client) -> None:
    places = set()
    for _ in range(20):
        response = client.get("/")
        assert response.status_code == 303
        assert response.headers["Cache-Control"] == "no-store"
        assert re.fullmatch("lists/[0-9a-f]{32}", response.headers["Location"])
        places.add(response.headers["Location"])
    assert len(places) == 20


def test_a_page_makes_its_list_the_one_to_come_back_to(client: httpx2.Client) -> None:
    said = cookie(client.get(PAGE))
    assert said == f"list={LIST}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"
    client.cookies.clear()
    for also in ("", "; theme=dark", "x=1; "):
        sent = f"list={LIST}{also}" if not also.startswith("x") else f"{also}list={LIST}"
        response = client.get("/", headers={"Cookie": sent})
        assert response.headers["Location"] == f"lists/{LIST}"


def test_the_cookie_stays_on_https_where_there_is_https(client: httpx2.Client) -> None:
    assert "Secure" in cookie(client.get(PAGE, headers={"X-Forwarded-Proto": "https"}))
    assert "Secure" not in cookie(client.get(PAGE, headers={"X-Forwarded-Proto": "http"}))


@pytest.mark.parametrize(
    "sent",
    [
        "",
        f"list={LIST[1:]}",
        f"list={LIST}a",
        f"list={LIST.upper()}",
        "list=../api/openapi.json",
        f"unlist={LIST}",
        f"list=//evil.example/{LIST}",
        f"list={LIST}%0d%0aX: y",
    ],
)
def test_a_cookie_that_is_not_ours_leads_nowhere_else(client: httpx2.Client, sent: str) -> None:
    location = client.get("/", headers={"Cookie": sent}).headers["Location"]
    assert re.fullmatch("lists/[0-9a-f]{32}", location)
    assert location != f"lists/{LIST}"


@pytest.mark.parametrize("query", ["?new", "?new="])
def test_a_new_list_can_be_asked_for(client: httpx2.Client, query: str) -> None:
    response = client.get(f"/{query}", headers={"Cookie": f"list={LIST}"})
    assert response.status_code == 303
    assert re.fullmatch("lists/[0-9a-f]{32}", response.headers["Location"])
    assert response.headers["Location"] != f"lists/{LIST}"


@pytest.mark.parametrize("name", [LIST[1:], LIST.upper(), f"{LIST}0", "index.html", "%3Cscript%3E"])
def test_a_list_that_cannot_be_has_no_page(client: httpx2.Client, name: str) -> None:
    response = client.get(f"/lists/{name}")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "Set-Cookie" not in response.headers


def test_the_page_shows_the_list_and_no_other(client: httpx2.Client) -> None:
    client.post(TODOS, json={"title": "ours"})
    client.post(TODOS, json={"title": "done", "completed": True})
    client.post(f"/api/lists/{OTHER}/todos", json={"title": "theirs"})
    response = client.get(PAGE)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    words = Page(response.text).words
    assert "ours" in words
    assert "done" in words
    assert "theirs" not in words


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' autofocus onfocus=alert(1) x='",
        "</template><script>alert(1)</script>",
        "--><script>alert(1)</script>",
        "{row} {0} {list_id} %s",
        "&lt;script&gt; &amp;",
        "javascript:alert(1)",
    ],
)
def test_a_title_is_text_whatever_it_looks_like(client: httpx2.Client, title: str) -> None:
    client.post(TODOS, json={"title": title})
    client.post(f"/api/lists/{OTHER}/todos", json={"title": "harmless"})
    html = client.get(PAGE).text
    page = Page(html)
    assert title in page.words
    assert page.inline == []
    assert "<script>" not in html
    assert "<img" not in html
    assert len(page.links) == len(Page(client.get(f"/lists/{OTHER}").text).links)


def test_a_page_says_when_there_is_more(client: httpx2.Client, store: InMemoryTodoStore) -> None:
    many = {n: Todo(n, f"to-do {n}.", False, n, 1) for n in range(1, LARGEST_PAGE + 1)}
    store.lists[bytes.fromhex(LIST)] = many
    assert " data-more" not in client.get(PAGE).text
    many[LARGEST_PAGE + 1] = Todo(LARGEST_PAGE + 1, "the last", False, LARGEST_PAGE + 1, 1)
    html = client.get(PAGE).text
    assert " data-more" in html
    assert f"to-do {LARGEST_PAGE}." in html
    assert "the last" not in html


def test_the_page_has_nothing_inline(client: httpx2.Client) -> None:
    client.post(TODOS, json={"title": "x"})
    response = client.get(PAGE)
    assert Page(response.text).inline == []
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
    assert {"base-uri 'none'", "form-action 'none'"} <= set(policy)


def test_the_page_works_below_a_path_prefix(client: httpx2.Client) -> None:
    response = client.get(PAGE)
    links = [link for link in Page(response.text).links if not link.startswith("#")]
    assert {link.partition("?")[0] for link in links} >= {
        *("../static/app.js", "../static/style.css", "../static/icon.svg"),
    }
    for link in links:
        assert re.match(r"\.\./(static/|\?new$)", link), link
        found = client.get(response.url.join(link))
        assert found.status_code in (200, 303)
        assert not re.search(r"""["'`]/(api|lists|static)""", found.text)
    assert f'"../api/lists/{LIST}/todos"' in response.text


def asset_links(client: httpx2.Client) -> list[str]:
    """Every file that the page or one of its files loads."""
    page = client.get(PAGE)
    links = [str(page.url.join(link)) for link in Page(page.text).links if "static" in link]
    for link in links:
        imported = re.findall(r'from "(\./[^"]+)"', client.get(link).text)
        links += [str(page.url.join(link).join(one)) for one in imported]
    return sorted(set(links))


def test_browsers_keep_each_version_of_a_file_for_good(client: httpx2.Client) -> None:
    links = asset_links(client)
    names = {link.partition("?")[0] for link in links}
    assert {name.rpartition("/")[2] for name in names} == {"app.js", "style.css", "icon.svg"}
    assert len(names) == len(links)  # a browser would run a module twice under two addresses
    for link in links:
        response = client.get(link)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == f"public, max-age={YEAR}, immutable"


@pytest.mark.parametrize("query", ["", "?v=0123456789abcdef", "?v="])
def test_a_file_under_another_address_is_asked_for_again(client: httpx2.Client, query: str) -> None:
    response = client.get(f"/static/app.js{query}")
    assert response.headers["Cache-Control"] == "no-cache"
    again = client.get(
        f"/static/app.js{query}", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == response.headers["ETag"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("app.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_browsers_are_told_what_each_file_is(client: httpx2.Client, name: str, kind: str) -> None:
    headers = client.get(f"/static/{name}").headers
    assert headers["Content-Type"].partition(";")[0] == kind


def test_files_are_sent_packed_to_those_who_can_unpack(client: httpx2.Client) -> None:
    plain = client.get("/static/style.css", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    with client.stream("GET", "/static/style.css", headers={"Accept-Encoding": "br, gzip"}) as sent:
        packed = b"".join(sent.iter_raw())
    assert sent.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content)
    # Whoever keeps one of the two must not give it to those who asked for the other.
    assert plain.headers["Vary"].lower() == sent.headers["Vary"].lower() == "accept-encoding"


def test_a_page_without_a_database_is_no_page(
    client: httpx2.Client, store: InMemoryTodoStore
) -> None:
    store.failure = RuntimeError("a fault of ours")
    response = client.get(PAGE)
    assert (response.status_code, response.headers["Content-Type"]) == (
        500,
        "application/problem+json",
    )


@pytest.mark.parametrize(("scheme", "policy"), [("https", "same-origin"), ("http", None)])
def test_pages_are_alone_in_their_window_where_browsers_heed_it(
    client: httpx2.Client, scheme: str, policy: str | None
) -> None:
    page = client.get(f"/lists/{'0' * 32}", headers={"X-Forwarded-Proto": scheme})
    assert page.headers.get("Cross-Origin-Opener-Policy") == policy
