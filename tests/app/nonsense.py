"""What a server could say that is not in the protocol, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.app.mysql_greeter import ACCESS_DENIED, OK, SALT, greeting

__all__ = ["answers", "greetings"]

_PLUGINS = (
    b"mysql_native_password",
    b"mysql_clear_password",
    b"mysql_old_password",
    b"sha256_password",
    b"caching_sha2_password",
    b"client_ed25519",
    b"dialog",
    b"",
)
_VERSIONS = (b"8.4.0", b"5.5.5-10.11.14-MariaDB", b"3.23", b"9", b"")


def _altered(payload: bytes, changes: list[tuple[int, int]]) -> bytes:
    new = bytearray(payload)
    for at, value in changes:
        new[at] = value
    return bytes(new)


_whole_greetings = st.builds(
    greeting,
    version=st.sampled_from(_VERSIONS) | st.text("0123456789.-MariaDB").map(str.encode),
    capabilities=st.integers(0, 2**32 - 1),
    status=st.integers(0, 2**16 - 1),
    salt_length=st.integers(0, 255),
    plugin=st.sampled_from(_PLUGINS) | st.binary(max_size=20),
)
_broken_greetings = st.one_of(
    st.integers(0, len(greeting()) - 1).map(lambda length: greeting()[:length]),
    st.lists(
        st.tuples(st.integers(0, len(greeting()) - 1), st.integers(0, 255)), min_size=1, max_size=6
    ).map(lambda changes: _altered(greeting(), changes)),
)
_errors = st.one_of(
    st.binary(max_size=40).map(lambda text: b"\xff" + text),
    st.sampled_from([15, 1040, 1045, 1049, 1064, 1062, 1205, 3159]).map(
        lambda number: b"\xff" + number.to_bytes(2, "little") + b"#HY000no"
    ),
)
_switches = st.one_of(
    st.sampled_from(_PLUGINS).map(lambda plugin: b"\xfe" + plugin + b"\0" + SALT + b"\0"),
    st.binary(max_size=30).map(lambda text: b"\xfe" + text),
)
_more_data = st.binary(max_size=10).map(lambda text: b"\x01" + text)

greetings = _whole_greetings | _broken_greetings | _errors | st.binary(max_size=100)
answers = st.lists(
    st.one_of(
        st.sampled_from([OK, ACCESS_DENIED]),
        _switches,
        _more_data,
        _errors,
        st.binary(max_size=60),
    ),
    min_size=1,
    max_size=4,
)
