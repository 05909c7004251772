"""TLS and headers at the edge, graded by what others grade sites with.

TLS: sslyze, against Mozilla's guidelines (https://wiki.mozilla.org/Security/Server_Side_TLS).
Headers: the rules of MDN's HTTP Observatory.
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from local.containers import docker
from tests.engine.observatory import Site, grade, judge, score
from tests.running_system import RunningSystem

pytestmark = pytest.mark.engine

NAME: Final = "todo-edge-grade"
HOST: Final = f"{NAME}.alb.localhost"
SSLYZE: Final = Path(__file__).parents[2] / ".local" / "sslyze" / "bin" / "sslyze"
SECONDS: Final = 60
POLICY: Final = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
}
"""What AWS's policy that the program chooses has for a certificate with an RSA key."""


@dataclass(frozen=True)
class Balancer:
    """A load balancer as prod has it: HTTPS serves, HTTP leads to it."""

    http_port: int
    https_port: int
    authority: Path

    def client(self) -> httpx2.Client:
        context = ssl.create_default_context(cafile=self.authority)
        return httpx2.Client(verify=context, headers={"Host": f"{HOST}:{self.https_port}"})


@pytest.fixture(scope="module")
def balancer(system: RunningSystem) -> Iterator[Balancer]:
    """One more, beside the stack's own, which the emulator gives no certificate."""
    elbv2 = system.aws("elbv2")
    (group,) = [
        one["TargetGroupArn"]
        for one in elbv2.describe_target_groups()["TargetGroups"]
        if one["TargetGroupName"].startswith("todo-local")
    ]
    subnets = [one["SubnetId"] for one in system.aws("ec2").describe_subnets()["Subnets"]][:2]
    made = elbv2.create_load_balancer(Name=NAME, Subnets=subnets)
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    forward = {"Type": "forward", "TargetGroupArn": group}
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    try:
        for protocol, port, action in (("HTTPS", 443, forward), ("HTTP", 80, redirect)):
            elbv2.create_listener(
                LoadBalancerArn=arn, Protocol=protocol, Port=port, DefaultActions=[action]
            )
        workspace = system.workspace
        found = Balancer(
            workspace.http_port, workspace.https_port, workspace.tls / "load-balancer-ca.pem"
        )
        wait_until_served(found)
        yield found
    finally:
        elbv2.delete_load_balancer(LoadBalancerArn=arn)


def wait_until_served(balancer: Balancer) -> None:
    deadline = time.monotonic() + SECONDS
    with balancer.client() as client:
        while client.get(f"https://localhost:{balancer.https_port}/healthz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def scan(balancer: Balancer, profile: str, report: Path) -> tuple[int, str, Any]:
    """Let sslyze judge; its exit code, its words, and what it found."""
    done = subprocess.run(
        [
            *(str(SSLYZE), f"--mozilla_config={profile}", f"--json_out={report}"),
            *("--sni", HOST, "--certinfo_ca_file", str(balancer.authority)),
            f"127.0.0.1:{balancer.https_port}",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * SECONDS,
    )
    (result,) = json.loads(report.read_text())["server_scan_results"]
    return done.returncode, done.stdout, result["scan_result"]


@pytest.mark.skipif(not SSLYZE.exists(), reason="`make test` installs sslyze")
def test_tls_is_as_mozilla_recommends(balancer: Balancer, tmp_path: Path) -> None:
    code, words, found = scan(balancer, "intermediate", tmp_path / "report.json")
    print(words)
    assert code == 0, words
    assert "Compliant" in words
    accepted = {
        suite["cipher_suite"]["name"]
        for version in ("tls_1_2", "tls_1_3")
        for suite in found[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"]
    }
    assert accepted == POLICY
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert found[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"] == []
    assert not found["tls_compression"]["result"]["supports_compression"]
    renegotiation = found["session_renegotiation"]["result"]
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]


def test_keys_are_exchanged_as_quantum_computers_cannot_undo(
    balancer: Balancer, system: RunningSystem
) -> None:
    """Within the emulator's container, whose OpenSSL knows how."""
    emulator = next(one for one in system.containers() if one.name.endswith("emulator"))
    ask = f"openssl s_client -brief -connect 127.0.0.1:{balancer.https_port} {{}} </dev/null 2>&1"
    version = docker("exec", emulator.id, "openssl", "version")
    if (found := re.match(r"OpenSSL (\d+)\.(\d+)", version)) and tuple(map(int, found.groups())) < (
        3,
        5,
    ):
        pytest.skip(f"{version.strip()} knows no such exchange")
    told = docker("exec", emulator.id, "sh", "-c", ask.format("-groups X25519MLKEM768"))
    assert "X25519MLKEM768" in told, told
    assert "CONNECTION ESTABLISHED" in told


def site_of(balancer: Balancer) -> Site:
    with balancer.client() as client:
        begin = client.get(f"https://localhost:{balancer.https_port}/")
        assert begin.status_code == 303
        page = client.get(f"https://localhost:{balancer.https_port}/{begin.headers['location']}")
        plain = client.get(
            f"http://127.0.0.1:{balancer.http_port}/",
            headers={"Host": f"{HOST}:{balancer.http_port}"},
        )
    assert page.status_code == 200
    return Site(
        headers={name.lower(): value for name, value in page.headers.items()},
        cookies=tuple(page.headers.get_list("set-cookie")),
        html=page.text,
        http_leads_to=plain.headers.get("location", ""),
        host=f"{HOST}:{balancer.https_port}",
    )


def test_headers_have_the_best_grade(balancer: Balancer) -> None:
    judgements = judge(site_of(balancer))
    points = score(judgements)
    print(f"HTTP Observatory: {grade(points)}, {points}")
    for one in judgements:
        print(f"  {one.points:+4}  {one.test}: {one.found}")
    assert grade(points) == "A+"
    assert not [one for one in judgements if one.points < 0]


def test_what_the_observatory_does_not_ask_for_is_there_too(balancer: Balancer) -> None:
    site = site_of(balancer)
    assert site.headers["cross-origin-opener-policy"] == "same-origin"
    assert "x-powered-by" not in site.headers
    # As long as Mozilla's guidelines want it, which sslyze does not look at.
    assert site.headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize(
    ("header", "value", "worse"),
    [
        ("content-security-policy", "default-src 'self' 'unsafe-inline'", "B+"),
        ("content-security-policy", "", "B"),
        ("strict-transport-security", "max-age=60", "A+"),
        ("x-content-type-options", "", "A+"),
    ],
)
def test_a_site_that_is_worse_is_graded_so(
    balancer: Balancer, header: str, value: str, worse: str
) -> None:
    site = site_of(balancer)
    changed = replace(site, headers={**site.headers, header: value})
    assert score(judge(changed)) < score(judge(site))
    assert grade(score(judge(changed))) == worse
