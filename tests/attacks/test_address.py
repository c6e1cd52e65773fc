"""No spelling and no wrapping of an address leads inside, whatever the allowlist says about the name."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path

import pytest

from agentsecrets.errors import AddressBlocked, AgentSecretsError, BadTarget, DomainNotInAllowlist
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.target import Target, parse_target
from agentsecrets.network.address import check
from tests.parts.house import open_house, read
from tests.parts.tls import TlsUpstream

TARGET = Target("https", "api.example.com", 443, "/")
INSIDE = ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255")


def _wrapped(text: str) -> list[str]:
    """An IPv4 address in every way in which IPv6 can carry it."""
    number = int(ipaddress.IPv4Address(text))
    high, low = number >> 16, number & 0xFFFF
    return [
        f"::ffff:{text}",
        f"::{text}",
        f"64:ff9b::{high:x}:{low:x}",
        f"64:ff9b:1::{high:x}:{low:x}",
        f"64:ff9b:1:fffe::{high:x}:{low:x}",
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:{high:x}:{low:x}::1",
        f"2001:0:4136:e378:8000:63bf:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}",
        f"2600::5efe:{high:x}:{low:x}",
        f"2600::200:5efe:{high:x}:{low:x}",
    ]


@pytest.mark.parametrize("address", [*INSIDE, *(wrapped for text in INSIDE for wrapped in _wrapped(text))])
def test_an_address_inside_is_blocked_in_every_wrapping(address: str):
    with pytest.raises(AddressBlocked):
        check(address, TARGET, AllowedHost("api.example.com"), frozenset())


METADATA = (
    "169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "169.254.170.2", "192.0.0.192", "fd20:ce::254",
    "fe80::a9fe:a9fe",
)  # fmt: skip


@pytest.mark.parametrize("address", [*METADATA, *(wrapped for text in METADATA if ":" not in text for wrapped in _wrapped(text))])
def test_a_metadata_service_is_blocked_even_when_an_entry_opens_everything(address: str):
    everything = AllowedHost("api.example.com", private=("0.0.0.0/0", "::/0"))
    with pytest.raises(AddressBlocked):
        check(address, TARGET, everything, frozenset())


@pytest.mark.parametrize("address", ["fe80::1%eth0", "1.2.3.4\n", "1.2.3", "0x7f000001", "2130706433", "", "localhost", "127.0.0.1:80"])
def test_what_is_no_address_is_blocked(address: str):
    with pytest.raises(AddressBlocked):
        check(address, TARGET, AllowedHost("api.example.com"), frozenset())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_our_own_listeners_are_never_a_target(address: str):
    entry = AllowedHost("api.example.com", 8765, plain_http=True, private=("0.0.0.0/0", "::/0"))
    for scheme in ("https", "http"):
        with pytest.raises(AddressBlocked):
            check(address, Target(scheme, "api.example.com", 8765, "/"), entry, frozenset({8765}))


def test_a_range_of_an_entry_opens_that_range_and_nothing_else():
    entry = AllowedHost("api.example.com", private=("10.20.0.0/16", "fd00:1::/32"))
    for address in ("10.20.0.1", "10.20.255.255", "fd00:1::5", "8.8.8.8", "::ffff:10.20.1.1"):
        check(address, TARGET, entry, frozenset())
    for address in ("10.21.0.1", "10.19.255.255", "127.0.0.1", "fd00:2::5", "::1", "2002:a15:1::", "64:ff9b::a15:1"):
        with pytest.raises(AddressBlocked):
            check(address, TARGET, entry, frozenset())


SPELLINGS = (
    "127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1.", "127.00.0.1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]",
    "[::1%25lo]", "①②⑦.0.0.1", "127。0。0。1", "localhost.", "0", "[::FFFF:7f00:1]",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_an_address_is_no_target(spelling: str):
    with pytest.raises(BadTarget):
        parse_target(f"https://{spelling}/")


def test_an_address_is_reached_only_when_an_entry_names_it():
    names = Allowlist((AllowedHost("api.example.com"), AllowedHost("*.example.com"), AllowedHost("93.184.216.34", 8443)))
    assert names.find(parse_target("https://93.184.216.34:8443/")) is not None
    for url in ("https://93.184.216.34/", "https://93.184.216.35:8443/", "https://[2606:2800::1]/"):
        assert names.find(parse_target(url)) is None


def test_of_two_answers_one_inside_blocks_the_call_and_nothing_is_sent(tmp_path: Path):
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await house.set("KEY", b"sk_live_51HxQ")
            await house.allow(AllowedHost("localhost", upstream.port, ca=upstream.ca_pem))
            with pytest.raises(AddressBlocked):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY"))
            with pytest.raises(DomainNotInAllowlist):
                await house.call(f"https://127.0.0.1:{upstream.port}/echo", ("X-AS-Inject-Bearer", "KEY"))
            await house.allow(AllowedHost("127.0.0.1", upstream.port, private=("127.0.0.0/8",), ca=upstream.ca_pem))
            reply = await house.call(f"https://127.0.0.1:{upstream.port}/echo")
            assert reply.status == 200
            await read(reply)
            try:
                await house.call(f"https://127.0.0.2:{upstream.port}/echo")
            except AgentSecretsError as refused:
                assert refused.slug == "domain_not_in_allowlist"  # noqa: PT017  (the one call that must not be made)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 1
        assert not upstream.seen[0].header("Authorization")
