"""From a host name to addresses that may be connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from agentsecrets.errors import AddressBlocked, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.target import Target
from agentsecrets.network.special_addresses import Address, is_global, is_metadata, is_public, unwrapped

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to all addresses, as text."""

REUSE_SECONDS = 60.0
"""How long an answer is used before the name is resolved and checked again."""

LOOKUP_SECONDS = 10.0
_THREADS = 16


class SystemLookup:
    """Asks the system's resolver, in threads of its own: a name server that hangs keeps nothing else waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "resolve")

    async def __call__(self, host: str, port: int) -> list[str]:
        """All addresses of a host.

        Raises:
            OSError: When there is no answer.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)

    def close(self) -> None:
        """Ends the threads, without waiting for those that hang."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def check(text: str, target: Target, allowed: AllowedHost, own_ports: frozenset[int]) -> Address:
    """Accepts one address for a target.

    Args:
        text: The address as the resolver gave it.
        target: What is to be reached.
        allowed: The allowlist entry: its ``private`` ranges open what is not public.
        own_ports: Ports of our own listeners, never reached on this machine.

    Returns:
        The address to connect to; a v4-mapped one as plain IPv4.

    Raises:
        AddressBlocked: For anything else that is not on the public internet, and always for metadata services.
    """
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        raise AddressBlocked(domain=target.host) from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    inner = unwrapped(address)
    own = target.port in own_ports and any(part.is_loopback or part.is_unspecified for part in inner)
    if own or is_metadata(address):
        raise AddressBlocked(domain=target.host)
    if not is_public(address) and not _opened(inner, target, allowed):
        raise AddressBlocked(domain=target.host)
    return address


def _opened(inner: tuple[Address, ...], target: Target, allowed: AllowedHost) -> bool:
    """Whether the entry opens an address, and what is wrapped in it."""
    if target.scheme == "http" and allowed.plain_http and all(part.is_loopback for part in inner[:1]):
        return True
    ranges = [ipaddress.ip_network(text) for text in allowed.private]
    return all(is_global(part) or any(part in network for network in ranges) for part in inner)


class Resolver:
    """Looks hosts up and checks every answer; an answer is used for at most a minute.

    Args:
        own_ports: Ports of our own listeners; the daemon adds to it once it listens.
        lookup: Asks for addresses; the system's resolver by default.
        seconds: How long one look-up may take.
        reuse: How long an answer is used.
    """

    def __init__(
        self, own_ports: set[int], lookup: Lookup | None = None, *, seconds: float = LOOKUP_SECONDS, reuse: float = REUSE_SECONDS
    ) -> None:
        self._own_ports = own_ports
        self._system = SystemLookup() if lookup is None else None
        self._lookup: Lookup = self._system or lookup  # type: ignore[assignment]
        self._seconds = seconds
        self._reuse = reuse
        self._known: dict[tuple[str, int, AllowedHost], tuple[list[str], float]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    def known(self, target: Target, allowed: AllowedHost) -> list[str] | None:
        """The addresses of a target that were checked within the last minute."""
        known = self._known.get((target.host, target.port, allowed))
        return known[0] if known is not None and time.monotonic() < known[1] else None

    async def resolve(self, target: Target, allowed: AllowedHost) -> list[str]:
        """The addresses of a target, one at least, all checked: one bad answer blocks them all.

        Raises:
            AddressBlocked, UpstreamUnreachable, UpstreamTimeout
        """
        known = self.known(target, allowed)
        if known is not None:
            return known
        now = time.monotonic()
        answers = [target.host] if target.literal else await self._ask(target)
        own = frozenset(self._own_ports)
        checked = [str(check(answer, target, allowed, own)) for answer in answers]
        if not checked:
            raise UpstreamUnreachable(domain=target.host, problem="its name has no address")
        self._known = {host: entry for host, entry in self._known.items() if now < entry[1]}
        self._known[target.host, target.port, allowed] = checked, now + self._reuse
        return checked

    def close(self) -> None:
        """Ends the threads of the system's resolver."""
        if self._system is not None:
            self._system.close()

    async def _ask(self, target: Target) -> list[str]:
        """One question at a time for each name, however many calls wait for its answer."""
        question = (target.host, target.port)
        asking = self._asking.get(question)
        if asking is None:
            asking = self._asking[question] = asyncio.ensure_future(self._answer(target))
            asking.add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(asking)

    async def _answer(self, target: Target) -> list[str]:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._lookup(target.host, target.port)
        except TimeoutError:
            raise UpstreamTimeout(domain=target.host, problem="its name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise UpstreamUnreachable(domain=target.host, problem="its name was not resolved") from None
