"""Cookies of an answer name the host that set them.

To its client the proxy is one host, whoever answers. A cookie without ``Domain`` would lie in the client's jar as one of the proxy's own,
go along with the next call to whatever upstream, and be refused there as a second credential. With ``Domain`` a jar sees that it is not the
proxy's (RFC 6265 §5.3, step 6).
"""

from __future__ import annotations

from collections.abc import Sequence

from agentsecrets.model.call import Field

_NAME = b"set-cookie"


def of_host(fields: Sequence[Field], host: str) -> tuple[Field, ...]:
    """The fields of an answer, each ``Set-Cookie`` with the host it comes from, or a domain above that it names itself."""
    encoded = host.encode()
    return tuple([(name, _at_home(value, encoded)) if name.lower() == _NAME else (name, value) for name, value in fields])


def _at_home(cookie: bytes, host: bytes) -> bytes:
    pair, *attributes = cookie.split(b";")
    domains = [_domain(attribute) for attribute in attributes]
    if (named := [domain for domain in domains if domain is not None]) and all(_covers(domain, host) for domain in named):
        return cookie
    kept = [attribute for attribute, domain in zip(attributes, domains, strict=True) if domain is None]
    return b";".join([pair, *kept, b" Domain=" + host])


def _domain(attribute: bytes) -> bytes | None:
    """What a ``Domain`` attribute says; None for any other (RFC 6265 §5.2.3)."""
    name, _, said = attribute.partition(b"=")
    return said.strip().lower().removeprefix(b".") if name.strip().lower() == b"domain" else None


def _covers(domain: bytes, host: bytes) -> bool:
    return domain == host or (b"." in domain and host.endswith(b"." + domain))
