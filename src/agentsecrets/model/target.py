"""One parser for target URLs, one result: the same object decides and is written on the wire."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Literal, NoReturn

import idna
import msgspec

from agentsecrets.errors import BadTarget

DEFAULT_PORTS: dict[str, int] = {"https": 443, "http": 80}
LIMIT = 8 * 1024
"""Longest target, in characters."""

_SPLIT = re.compile(r"([A-Za-z]+)://([^/?#]*)([!$-;=@-\[\]_a-z|~]*)(?:\?([!$-;=?-\[\]_a-z|~]*))?")
_LOOSE = re.compile(r"[A-Za-z]+://[^#]*")
"""What has the parts of a URL, whatever characters stand in them."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SLASH = r"(?:/|%(?:25)*(?:2[fF]|5[cC]))"
_DOTS = re.compile(rf"{_SLASH}(?:\.|%(?:25)*2[eE]){{1,2}}(?:;[^/]*?)?(?:{_SLASH}|\Z)")
"""A dot segment for any server: encoded once or more often, behind an encoded slash or backslash, or with a parameter (``..;``)."""
_HOST_LIMIT = 253
_PORT_LIMIT = 65535


class Target(msgspec.Struct, frozen=True):
    """Where a request goes.

    Attributes:
        scheme: ``https``, or ``http`` for an allowlisted loopback host.
        host: Lower-case A-labels, a canonical IPv4 literal, or a canonical IPv6 literal without brackets.
        port: 1 to 65535.
        path: Begins with ``/``; ASCII, percent-encoding as given.
        query: What stands after ``?``, or None when there is no ``?``.
        literal: Whether the host is an IP literal.
    """

    scheme: Literal["https", "http"]
    host: str
    port: int
    path: str
    query: str | None = None
    literal: bool = False

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's default, port: the value of the ``Host`` field (RFC 9110 §7.2)."""
        return _joined(self.host, self.port, DEFAULT_PORTS[self.scheme])

    @property
    def host_and_port(self) -> str:
        """Host and, unless it is 443, port: as the allowlist and bindings write it."""
        return _joined(self.host, self.port, DEFAULT_PORTS["https"])


def parse_target(text: str) -> Target:
    """Accepts an absolute https or http URL, strictly: what two parsers could read in two ways is refused.

    Args:
        text: At most 8 KiB; ASCII but for the labels of the host; no user, fragment, white space, backslash or dot segment.

    Raises:
        BadTarget: With what is wrong; the URL is not repeated.

    Source: RFC 3986 for the parts; WHATWG URL for what counts as an IPv4 number; UTS-46 for host names.
    """
    if len(text) > LIMIT:
        _refuse("it is longer than 8 KiB")
    split = _SPLIT.fullmatch(text)
    if split is None:
        if _LOOSE.fullmatch(text) is not None:
            _refuse("its path or query holds a character that must be percent-encoded")
        _refuse("it is not an absolute URL without fragment")
    scheme, authority, path, query = split.groups()
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        _refuse("its scheme is not https")
    host, port, literal = parse_authority(authority, DEFAULT_PORTS[scheme])
    if ("." in path or "%" in path) and _DOTS.search(path):
        _refuse("its path holds a dot segment")
    return Target("https" if scheme == "https" else "http", host, port, path or "/", query, literal)


@lru_cache(maxsize=256)
def parse_authority(authority: str, default_port: int) -> tuple[str, int, bool]:
    """Accepts ``host`` or ``host:port``.

    Returns:
        The host in its one canonical form, the port, and whether the host is an IP literal.

    Raises:
        BadTarget: For anything that could be read in two ways.
    """
    if authority.startswith("["):
        inner, bracket, rest = authority[1:].partition("]")
        host, literal = _ipv6(inner) if bracket else _refuse("its host has no closing bracket"), True
        colon, port = rest[:1], rest[1:]
    else:
        name, colon, port = authority.partition(":")
        host, literal = _host(name)
    if colon not in ("", ":") or (colon and _PORT.fullmatch(port) is None) or (colon and int(port) > _PORT_LIMIT):
        _refuse("its port is not a number from 1 to 65535")
    return host, int(port) if colon else default_port, literal


def _host(name: str) -> tuple[str, bool]:
    if not name.isascii():
        name = _to_ascii(name)
    name = name.lower()
    labels = name.split(".")
    if len(name) > _HOST_LIMIT or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse("its host is not a host name")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(name), True
    for label in labels:
        if label.startswith("xn--"):
            _check_a_label(label)
    return name, False


def _to_ascii(name: str) -> str:
    """A-labels of a name in its one normal form: where parsers map characters to others in different ways, it is refused."""
    labels: list[str] = []
    for label in name.split("."):
        try:
            encoded = label if label.isascii() else idna.alabel(label).decode("ascii")
            unchanged = label.isascii() or idna.ulabel(encoded) == label
        except (idna.IDNAError, UnicodeError):
            _refuse("its host is not a host name")
        if not unchanged:
            _refuse("its host is not written in its normal form")
        labels.append(encoded)
    return ".".join(labels)


def _check_a_label(label: str) -> None:
    try:
        round_trip = idna.alabel(idna.ulabel(label)).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        _refuse("its host is not a host name")
    if round_trip != label:
        _refuse("its host is not a host name")


def _ipv4(name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        _refuse("its host looks like a number but is not a plain IPv4 address")


def _ipv6(name: str) -> str:
    try:
        address = ipaddress.IPv6Address(name)
    except ValueError:
        _refuse("its host is not an IPv6 address")
    if address.ipv4_mapped is not None:
        _refuse("its IPv6 address is an IPv4 address")  # Python's versions disagree on how it is written
    canonical = str(address)
    if canonical != name.lower() or "%" in name:
        _refuse("its IPv6 address is not in canonical form")
    return canonical


@lru_cache(maxsize=256)
def _joined(host: str, port: int, default: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == default else f"{bracketed}:{port}"


def _refuse(problem: str) -> NoReturn:
    raise BadTarget(problem=problem) from None
