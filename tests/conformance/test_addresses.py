"""Which addresses may be reached, against every row of the IANA special-purpose registries."""

from __future__ import annotations

import csv
import ipaddress
import random
from pathlib import Path

import pytest

from agentsecrets.errors import AddressBlocked
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.target import Target
from agentsecrets.network.address import check
from tests.conftest import Counted

TARGET = Target("https", "api.example.com", 443, "/")
ENTRY = AllowedHost("api.example.com")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _rows(path: Path) -> list[tuple[Network, bool]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [(ipaddress.ip_network(row["block"]), row["globally_reachable"] == "True") for row in csv.DictReader(lines)]


def _reached(address: object) -> bool:
    try:
        check(str(address), TARGET, ENTRY, frozenset())
    except AddressBlocked:
        return False
    return True


def _samples(network: Network, chance: random.Random) -> set[object]:
    size = network.num_addresses
    return {network[0], network[-1], network[size // 2], *(network[chance.randrange(size)] for _ in range(50))}


@pytest.mark.parametrize("name", ["iana-ipv4-special.csv", "iana-ipv6-special.csv"])
def test_every_row_of_the_registry_is_blocked_or_reached_as_it_says(name: str, corpora: Path, counted: Counted):
    rows, chance = _rows(corpora / "iana" / name), random.Random(1)
    asked = 0
    for network, _ in rows:
        for address in _samples(network, chance):
            holding = [row for row in rows if row[0].version == network.version and address in row[0]]
            closest = max(holding, key=lambda row: row[0].prefixlen)
            asked += 1
            inside = _carried(address)
            expected = closest[1] if inside is None else _reached(inside)
            assert _reached(address) is expected, (str(address), str(closest[0]))
    counted(f"{name}: {len(rows)} rows, {asked} addresses, each as the registry says")


def _carried(address: object) -> ipaddress.IPv4Address | None:
    """The IPv4 address that is really reached: resolvers give mapped addresses for it, and networks with NAT64 the other."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _CARRYING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


_CARRYING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::ffff:0:0/96"))


def test_ordinary_addresses_around_the_blocks_are_reached(corpora: Path, counted: Counted):
    rows = _rows(corpora / "iana" / "iana-ipv4-special.csv")
    closed = [network for network, _ in rows] + [ipaddress.ip_network("224.0.0.0/4")]
    metadata = {"168.63.129.16"}
    chance, asked = random.Random(2), 0
    around = [int(network[0]) - 1 for network in closed] + [int(network[-1]) + 1 for network in closed]
    for number in [*around, *(chance.randrange(1 << 32) for _ in range(2000))]:
        if not 0 <= number < 1 << 32:
            continue
        address = ipaddress.IPv4Address(number)
        if not any(address in network for network in closed) and str(address) not in metadata:
            asked += 1
            assert _reached(address), str(address)
    counted(f"{asked} addresses beside the blocks, all reached")
