"""How MDN's HTTP Observatory grades a site by its headers: its tests and scores, as a table.

The rules and their scores are those of https://github.com/mdn/mdn-http-observatory
(`src/grader/charts.js` and `src/analyzer/tests`, November 2026), as far as a site can meet them on
one machine: preload lists are left out. Extra credit counts from a score of 90 on, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Judgement", "Site", "grade", "judge", "score"]

_CREDIT_FROM = 90
_SIX_MONTHS = 15_768_000
_BROAD = {"ftp:", "http:", "https:", "*", "http://*", "https://*"}
_PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_GRADES = (
    *((100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C")),
    *((45, "C-"), (40, "D+"), (30, "D"), (25, "D-"), (0, "F")),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a visitor gets.

    Attributes:
        headers: of the page over HTTPS, names in lower case.
        cookies: each `Set-Cookie`.
        html: the page.
        http_leads_to: where plain HTTP redirects to; empty if it serves.
        host: the page's host and port.
    """

    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    html: str
    http_leads_to: str
    host: str


@dataclass(frozen=True)
class Judgement:
    """One test: what was found, and what it adds to a hundred."""

    test: str
    found: str
    points: int


def judge(site: Site) -> tuple[Judgement, ...]:
    """Make all tests."""
    policy = _directives(site.headers.get("content-security-policy", ""))
    return (
        Judgement("content-security-policy", *_policy(policy)),
        Judgement("cookies", *_cookies(site)),
        Judgement("cross-origin-resource-sharing", *_sharing(site.headers)),
        Judgement("redirection", *_redirection(site)),
        Judgement("referrer-policy", *_referrer(site.headers.get("referrer-policy", ""))),
        Judgement(
            "strict-transport-security", *_hsts(site.headers.get("strict-transport-security", ""))
        ),
        Judgement("subresource-integrity", *_integrity(site.html)),
        Judgement("x-content-type-options", *_sniffing(site.headers)),
        Judgement("x-frame-options", *_framing(site.headers, policy)),
        Judgement("cross-origin-resource-policy", *_resource_policy(site.headers)),
    )


def score(judgements: tuple[Judgement, ...]) -> int:
    """The score: a hundred less what is lost; what is gained counts where little is lost."""
    lost = 100 + sum(one.points for one in judgements if one.points < 0)
    gained = sum(one.points for one in judgements if one.points > 0)
    return max(0, lost + gained if lost >= _CREDIT_FROM else lost)


def grade(points: int) -> str:
    """The grade of a score."""
    return next(letter for least, letter in _GRADES if points >= least)


def _directives(policy: str) -> dict[str, set[str]]:
    words = (part.split() for part in policy.split(";"))
    return {first.lower(): set(rest) for first, *rest in (one for one in words if one)}


def _policy(policy: dict[str, set[str]]) -> tuple[str, int]:
    if not policy:
        return "not implemented", -25
    default = policy.get("default-src", {"*"})
    scripts, styles = policy.get("script-src", default), policy.get("style-src", default)
    objects = policy.get("object-src", default)
    unsafe = {"'unsafe-inline'", "data:"}
    active = set().union(*(s for name, s in policy.items() if name not in ("img-src", "media-src")))
    insecure = any(source.startswith(("http:", "ftp:")) for source in active)
    findings = (
        (bool(scripts & (_BROAD | unsafe) or objects & _BROAD), "unsafe", -20),
        (insecure, "lets active content come over HTTP", -20),
        ("'unsafe-eval'" in scripts | styles, "unsafe-eval", -10),
        (bool(styles & (_BROAD | unsafe)), "unsafe in style-src only", 0),
        (default == {"'none'"}, "default-src 'none', nothing unsafe", 10),
        (True, "nothing unsafe", 5),
    )
    return next((what, points) for is_so, what, points in findings if is_so)


def _cookies(site: Site) -> tuple[str, int]:
    if not site.cookies:
        return "none", 0
    flags = [{part.strip().lower() for part in one.split(";")[1:]} for one in site.cookies]
    if not all("secure" in one for one in flags):
        return "without Secure", -20
    if not all("httponly" in one for one in flags):
        return "without HttpOnly", -30
    if all({"samesite=lax", "samesite=strict"} & one for one in flags):
        return "Secure, HttpOnly, SameSite", 5
    return "without SameSite", 0


def _sharing(headers: Mapping[str, str]) -> tuple[str, int]:
    if "access-control-allow-origin" not in headers:
        return "not visible to other origins", 0
    if headers.get("access-control-allow-credentials") == "true":
        return "with credentials", -50
    return "public, without credentials", 0


def _redirection(site: Site) -> tuple[str, int]:
    if not site.http_leads_to:
        return "serves over HTTP", -20
    if not site.http_leads_to.startswith("https://"):
        return "to HTTP first", -10
    if site.http_leads_to.split("/")[2] != site.host:
        return "to another host", -5
    return "to HTTPS on the same host", 0


def _referrer(policy: str) -> tuple[str, int]:
    if not policy:
        return "not implemented", 0
    return (policy, 5) if policy in _PRIVATE else ("unsafe", -5)


def _hsts(header: str) -> tuple[str, int]:
    found = re.match(r'max-age="?(\d+)', header)
    if not found:
        return "not implemented", -20
    return header, 0 if int(found[1]) >= _SIX_MONTHS else -10


def _integrity(html: str) -> tuple[str, int]:
    scripts = list(_scripts(html))
    outside = [one for one in scripts if re.search(r'src="(https?:)?//', one)]
    if any(not re.search(r'src="https://', one) for one in outside):
        return "scripts of others, without HTTPS", -50
    if any("integrity=" not in one for one in outside):
        return "scripts of others, without integrity", -5
    return "all scripts are of the same origin", 0


def _scripts(html: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(r"<script\b[^>]*>", html))


def _sniffing(headers: Mapping[str, str]) -> tuple[str, int]:
    value = headers.get("x-content-type-options", "not implemented")
    return value, 0 if value == "nosniff" else -5


def _framing(headers: Mapping[str, str], policy: dict[str, set[str]]) -> tuple[str, int]:
    if "frame-ancestors" in policy and not policy["frame-ancestors"] & _BROAD:
        return "by frame-ancestors", 5
    value = headers.get("x-frame-options", "not implemented")
    return value, 0 if value.upper() in ("DENY", "SAMEORIGIN") else -20


def _resource_policy(headers: Mapping[str, str]) -> tuple[str, int]:
    value = headers.get("cross-origin-resource-policy", "not implemented")
    return value, 10 if value in ("same-origin", "same-site") else 0
