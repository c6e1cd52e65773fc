"""One label, never a public suffix: what a wildcard on the allowlist stands for."""

from __future__ import annotations

import pytest

from agentsecrets.errors import BadTarget, BadUsage
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.target import parse_target
from agentsecrets.team.allowlist import parse_host, parse_listed, sealed_added, subject_removed

LIST = Allowlist((AllowedHost("*.example.com"), AllowedHost("*.example.com", 8443, ca="x"), AllowedHost("api.example.com", ca="own")))

COVERED = ["a.example.com", "www.example.com", "xn--bcher-kva.example.com", "a.example.com:443"]
NOT_COVERED = [
    "example.com", "a.b.example.com", "aexample.com", "a.example.com:444", "a.example.org", "example.com.evil.net", "127.0.0.1", "[::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", COVERED)
def test_a_wildcard_stands_for_one_label(host: str):
    assert LIST.find(parse_target(f"https://{host}/")) == LIST.hosts[0]


@pytest.mark.parametrize("host", NOT_COVERED)
def test_a_wildcard_stands_for_nothing_else(host: str):
    assert LIST.find(parse_target(f"https://{host}/")) is None


def test_a_wildcard_has_one_port_and_an_exact_entry_goes_first():
    assert LIST.find(parse_target("https://a.example.com:8443/")) == LIST.hosts[1]
    assert LIST.find(parse_target("https://api.example.com/")) == LIST.hosts[2]


PUBLIC = [
    "*.com", "*.co.uk", "*.github.io", "*.s3.amazonaws.com", "*.vercel.app", "*.ck", "*.compute.amazonaws.com", "*.localhost",
    "*.unknowntld", "*.xn--55qx5d.cn",
]  # fmt: skip
NO_NAME = ["*", "*.", "*.*.example.com", "a.*.example.com", "*a.example.com", "*.1.2.3.4", "*.0x7f", "*.[::1]", "**.example.com"]


@pytest.mark.parametrize("entry", [*PUBLIC, *NO_NAME, "*.example.com/", "https://*.example.com"])
def test_what_nobody_owns_alone_is_no_entry(entry: str):
    with pytest.raises(BadTarget):
        parse_host(entry)


@pytest.mark.parametrize("base", [entry for entry in PUBLIC if entry != "*.localhost"])
def test_an_entry_that_got_in_all_the_same_covers_nothing(base: str):
    assert Allowlist((AllowedHost(base),)).find(parse_target(f"https://victim{base[1:]}/")) is None


def test_a_public_suffix_below_a_wildcard_is_not_covered():
    assert Allowlist((AllowedHost("*.amazonaws.com"),)).find(parse_target("https://s3.amazonaws.com/")) is None
    assert Allowlist((AllowedHost("*.kawasaki.jp"),)).find(parse_target("https://anything.kawasaki.jp/")) is None


def test_an_entry_is_shown_as_it_is_typed_and_removed_by_that_name():
    entry = parse_host("*.Example.com:8443", private=["10.0.0.0/8"])
    assert (entry.host, entry.shown, entry.private) == ("*.example.com", "*.example.com:8443", ("10.0.0.0/8",))
    sealed = sealed_added(LedgerState(), entry)
    listed = LedgerState(allowed=(("id", AllowedHost(sealed.host, sealed.port)),))
    assert subject_removed(listed, *parse_listed("*.example.com:8443")) == "id"


def test_plain_http_below_a_wildcard_is_for_loopback_names():
    assert parse_host("*.api.localhost:80", plain_http=True).plain_http
    with pytest.raises(BadUsage):
        parse_host("*.example.com", plain_http=True)
