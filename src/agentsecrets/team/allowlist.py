"""What a person may put on the allowlist."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from agentsecrets.errors import BadTarget, BadUsage, DomainListed, DomainNotFound
from agentsecrets.ledger.entries import Allowed
from agentsecrets.ledger.state import Change, LedgerState
from agentsecrets.model.allowlist import WILDCARD, AllowedHost, is_wildcard_base
from agentsecrets.model.target import parse_authority

_CA_LIMIT = 256 * 1024


def parse_host(text: str, *, private: Sequence[str] = (), ca: str = "", plain_http: bool = False) -> AllowedHost:
    """Accepts ``HOST[:PORT]`` as a person typed it.

    Args:
        text: A host name, IP literal or ``*.`` and a name; without a port, 443 (80 with plain http).
        private: CIDR ranges that it may resolve to although they are not public.
        ca: Extra certification authorities in PEM, up to 256 KiB.
        plain_http: Whether plain http may be used; loopback hosts only.

    Raises:
        BadTarget, BadUsage
    """
    host, port, literal = _parse_listed(text, 80 if plain_http else 443)
    if plain_http and not _is_loopback(host, literal=literal):
        raise BadUsage(problem="plain http is for loopback hosts only")
    if ca and ("BEGIN CERTIFICATE" not in ca or len(ca) > _CA_LIMIT):
        raise BadUsage(problem="the CA file holds no PEM certificate")
    return AllowedHost(host, port, plain_http, tuple(_range(text) for text in private), ca)


def parse_listed(text: str) -> tuple[str, int]:
    """Accepts an entry's name as ``workspace allowlist list`` shows it; answers host and port.

    Raises:
        BadTarget
    """
    return _parse_listed(text, 443)[:2]


def sealed_added(state: LedgerState, entry: AllowedHost) -> Allowed:
    """The sealed part of ``allowlist.added``.

    Raises:
        DomainListed: When host and port are on the list already.
    """
    if any((listed.host, listed.port) == (entry.host, entry.port) for _, listed in state.allowed):
        raise DomainListed(domain=entry.shown)
    return Allowed(entry.host, entry.port, entry.plain_http, entry.private, entry.ca)


def subject_removed(state: LedgerState, host: str, port: int) -> str:
    """The id of the entry to remove.

    Raises:
        DomainNotFound: When host and port are not on the list.
    """
    for entry_id, listed in state.allowed:
        if (listed.host, listed.port) == (host, port):
            return entry_id
    asked = AllowedHost(host, port).shown
    raise DomainNotFound(domain=asked).guess(asked, (listed.shown for _, listed in state.allowed))


def changes(state: LedgerState) -> list[Change]:
    """Every change of the allowlist, oldest first."""
    return [change for change in state.history if change.entry.startswith("allowlist.")]


def _parse_listed(text: str, default_port: int) -> tuple[str, int, bool]:
    if "://" in text or "/" in text:
        raise BadTarget(problem="a host is HOST or HOST:PORT, not a URL")
    wildcard = text.startswith(WILDCARD)
    host, port, literal = parse_authority(text.removeprefix(WILDCARD), default_port)
    if not wildcard:
        return host, port, literal
    if literal or not is_wildcard_base(host):
        raise BadTarget(problem="a wildcard stands before a name that belongs to one registrant, such as *.example.com")
    return f"{WILDCARD}{host}", port, False


def _is_loopback(host: str, *, literal: bool) -> bool:
    return ipaddress.ip_address(host).is_loopback if literal else host == "localhost" or host.endswith(".localhost")


def _range(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise BadUsage(problem="a private range is a CIDR such as 10.0.0.0/8") from None
