"""What a person may put on the allowlist, and what is taken off it."""

from __future__ import annotations

from typing import Any

import pytest

from agentsecrets.errors import AgentSecretsError, BadTarget, BadUsage, DomainListed, DomainNotFound
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.team.allowlist import parse_host, sealed_added, subject_removed

STATE = LedgerState(allowed=(("1" * 32, AllowedHost("api.example.com")), ("2" * 32, AllowedHost("api.example.com", 8443))))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("api.example.com", "api.example.com", 443), ("API.Example.COM:8443", "api.example.com", 8443), ("192.0.2.7", "192.0.2.7", 443),
     ("[2001:db8::1]:444", "2001:db8::1", 444), ("bücher.example", "xn--bcher-kva.example", 443)],
)  # fmt: skip
def test_a_host_is_kept_in_its_one_form(text: str, host: str, port: int):
    assert parse_host(text) == AllowedHost(host, port)


@pytest.mark.parametrize(
    "text",
    ["", "https://api.example.com", "api.example.com/", "user@api.example.com", "api.example.com:0", "api.example.com:99999",
     "api example.com", "api.example.com.", "*", "*.com", "**.example.com", "a.*.example.com", "0x7f.1", "127.1", "[::1",
     "api.example.com:443:443", "-a.example"],
)  # fmt: skip
def test_what_is_no_host_is_refused(text: str):
    with pytest.raises(BadTarget):
        parse_host(text)


@pytest.mark.parametrize("text", ["api.example.com", "10.0.0.1", "notlocalhost", "localhost.example.com"])
def test_plain_http_is_for_loopback_alone(text: str):
    with pytest.raises(BadUsage):
        parse_host(text, plain_http=True)


def test_plain_http_goes_to_port_80_of_loopback():
    assert parse_host("localhost", plain_http=True) == AllowedHost("localhost", 80, plain_http=True)
    assert parse_host("127.0.0.1:8080", plain_http=True).port == 8080


@pytest.mark.parametrize(
    "given",
    [{"private": ["10.0.0.1/8"]}, {"private": ["x"]}, {"private": [""]}, {"ca": "no certificate"}, {"ca": "BEGIN CERTIFICATE" * 99999}],
    ids=str,
)
def test_a_range_or_authority_that_is_none_is_refused(given: dict[str, Any]):
    with pytest.raises((BadUsage, AgentSecretsError)):
        parse_host("api.example.com", **given)


def test_a_host_and_port_is_listed_once_and_taken_off_by_both():
    with pytest.raises(DomainListed):
        sealed_added(STATE, AllowedHost("api.example.com", 8443))
    assert sealed_added(STATE, AllowedHost("api.example.com", 444)).port == 444
    assert subject_removed(STATE, "api.example.com", 8443) == "2" * 32
    for host, port in (("api.example.com", 80), ("example.com", 443), ("API.example.com", 443)):
        with pytest.raises(DomainNotFound):
            subject_removed(STATE, host, port)
