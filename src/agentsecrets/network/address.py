"""From a host name to one address that may be connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

from agentsecrets.errors import AddressBlocked, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.target import Target
from agentsecrets.network.special_addresses import Address, is_metadata, is_public, unwrapped

Lookup = Callable[[str, int], Awaitable[list[str]]]
REUSE_SECONDS = 60.0
_LOOKUP_SECONDS = 10.0


async def system_lookup(host: str, port: int) -> list[str]:
    """Asks the system's resolver, in a thread.

    Raises:
        OSError: When it has no answer.
    """
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def check(text: str, target: Target, allowed: AllowedHost, own_ports: frozenset[int]) -> Address:
    """Accepts one address for a target.

    Args:
        text: The address as the resolver gave it.
        target: What is to be reached.
        allowed: The allowlist entry: its ``private`` ranges open what is not public.
        own_ports: Ports of our own listeners, never reached on this machine.

    Raises:
        AddressBlocked: For anything else that is not on the public internet, and always for metadata services.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise AddressBlocked(domain=target.host) from None
    inner = unwrapped(address)
    own = target.port in own_ports and any(part.is_loopback or part.is_unspecified for part in inner)
    if is_metadata(address) or own:
        raise AddressBlocked(domain=target.host)
    if is_public(address):
        return address
    ranges = [ipaddress.ip_network(text) for text in allowed.private]
    opened = any(address in network for network in ranges) or (target.scheme == "http" and allowed.plain_http and address.is_loopback)
    if not opened:
        raise AddressBlocked(domain=target.host)
    return address


class Resolver:
    """Looks hosts up and checks every answer; an answer is used for at most a minute.

    Args:
        own_ports: Ports of our own listeners; may grow until the first call.
        lookup: Asks for addresses.
    """

    def __init__(self, own_ports: set[int], lookup: Lookup = system_lookup) -> None:
        self._own_ports = own_ports
        self._lookup = lookup
        self._known: dict[tuple[str, int, AllowedHost], tuple[list[str], float]] = {}

    async def resolve(self, target: Target, allowed: AllowedHost) -> list[str]:
        """The addresses of a target, all checked: one bad answer blocks them all.

        Raises:
            AddressBlocked, UpstreamUnreachable, UpstreamTimeout
        """
        now = asyncio.get_running_loop().time()
        key = (target.host, target.port, allowed)
        known = self._known.get(key)
        if known is not None and now < known[1]:
            return known[0]
        answers = [target.host] if target.literal else await self._ask(target)
        checked = [str(check(answer, target, allowed, frozenset(self._own_ports))) for answer in answers]
        if not checked:
            raise UpstreamUnreachable(domain=target.host, problem="its name has no address")
        self._known = {host: entry for host, entry in self._known.items() if now < entry[1]}
        self._known[key] = checked, now + REUSE_SECONDS
        return checked

    async def _ask(self, target: Target) -> list[str]:
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                return await self._lookup(target.host, target.port)
        except TimeoutError:
            raise UpstreamTimeout(domain=target.host, problem="its name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise UpstreamUnreachable(domain=target.host, problem="its name was not resolved") from None
