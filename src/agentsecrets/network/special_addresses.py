"""Addresses that are not the public internet.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (July 2026) for what is not globally reachable; RFC 5771 and RFC 4291 for
multicast; RFC 3879 for site-local. Python's ``is_global`` disagrees with the registries for several blocks, so the table stands here.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_GLOBAL_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
_GLOBAL_4 = ("192.0.0.9/32", "192.0.0.10/32")
_UNICAST_6 = "2000::/3"
_NOT_GLOBAL_6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_GLOBAL_6 = ("2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28")
_METADATA = (
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "168.63.129.16",
    "100.100.100.200", "192.0.0.192", "169.254.0.23", "169.254.42.42", "fd00:42::42", "fe80::a9fe:a9fe",
)  # fmt: skip
"""Metadata services of clouds (AWS with ECS and EKS, GCP, Azure, Alibaba, Oracle, Tencent, Scaleway, OpenStack), as their documentation
gives them; most others answer on the first address too."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_ISATAP = (0x00005EFE, 0x02005EFE)


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_BLOCKED = {4: _networks(_NOT_GLOBAL_4), 6: _networks(_NOT_GLOBAL_6)}
_EXCEPTED = {4: _networks(_GLOBAL_4), 6: _networks(_GLOBAL_6)}
_UNICAST = ipaddress.IPv6Network(_UNICAST_6)
_METADATA_ADDRESSES = frozenset(ipaddress.ip_address(text) for text in _METADATA)


def unwrapped(address: Address) -> tuple[Address, ...]:
    """An address and every IPv4 address that it carries inside.

    Source: RFC 4291 (mapped, compatible), RFC 6052 and RFC 8215 with /96 prefixes (NAT64),
    RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    number = int(address)
    inner: list[Address] = [address]
    if address.ipv4_mapped is not None:
        inner.append(address.ipv4_mapped)
    compatible = number >> 32 == 0 and number > 1  # but not the unspecified and the loopback address
    if compatible or address in _NAT64 or address in _LOCAL_NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        inner.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    return tuple(inner)


def is_metadata(address: Address) -> bool:
    """Whether a cloud's metadata service answers there, in whatever wrapping."""
    return any(inner in _METADATA_ADDRESSES for inner in unwrapped(address))


def is_public(address: Address) -> bool:
    """Whether an address is globally reachable, in whatever wrapping."""
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return all(is_global(inner) for inner in unwrapped(address))


def is_global(address: Address) -> bool:
    """Whether the registries call an address globally reachable; what is wrapped in it is not looked at."""
    if any(address in network for network in _EXCEPTED[address.version]):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return not any(address in network for network in _BLOCKED[address.version])
