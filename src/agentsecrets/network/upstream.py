"""``ports.Upstream`` over TCP and TLS: resolve, check, connect to the checked address, send."""

from __future__ import annotations

import asyncio
import socket
import ssl

from agentsecrets.errors import UpstreamCertificate, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.client import ClientConnection, Stale
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.outgoing import request_bytes
from agentsecrets.network.http1.pool import Pool, PoolKey
from agentsecrets.network.tls import Contexts
from agentsecrets.ports import Outbound, UpstreamAnswer

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that may be sent twice (RFC 9110 §9.2.2)."""

_CERTIFICATE_PROBLEMS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not known",
    20: "its authority is not known",
    21: "its authority is not known",
    23: "it was revoked",
    26: "it is not meant for a server",
    62: "it names another host",
    64: "it names another address",
}
"""OpenSSL's X509_V_ERR codes, in our words (x509_vfy.h)."""


class HttpUpstream:
    """The world behind the proxy, over pooled and verified connections.

    Args:
        resolver: From names to checked addresses.
        limits: Bounds.
    """

    def __init__(self, resolver: Resolver, limits: Limits) -> None:
        self._resolver = resolver
        self._limits = limits
        self._pool = Pool(limits.reuse_seconds, limits.idle_connections)
        self._contexts = Contexts()

    async def send(self, outbound: Outbound) -> UpstreamAnswer:
        """Sends one request and returns once the final answer's head is in.

        A request is sent twice only when a reused connection turned out to be closed before any answer, the method is idempotent, and
        the body can be sent again.

        Raises:
            UpstreamUnreachable, UpstreamCertificate, UpstreamTimeout, UpstreamProtocol, AddressBlocked
            BadHeader: When a line of the head would be two.
        """
        target, allowed = outbound.target, outbound.allowed
        sent = request_bytes(outbound)
        addresses = self._resolver.known(target, allowed) or await self._resolver.resolve(target, allowed)
        connection = self._pool.idle(target.scheme, target.host, target.port, addresses, allowed.ca)
        again = connection is not None and outbound.method in _IDEMPOTENT and isinstance(outbound.body, bytes | None)
        while True:
            if connection is None:
                connection = await self._connected([PoolKey(target.scheme, target.host, target.port, one, allowed.ca) for one in addresses])
            answering = connection.ask(outbound, sent)
            try:
                return await answering
            except BaseException as failure:
                await connection.give_up(answering)
                if not isinstance(failure, Stale):
                    raise
            if not again:
                raise UpstreamUnreachable(domain=target.host, problem="it closed the connection without an answer")
            connection, again = None, False

    def sweep(self) -> None:
        """Closes connections that have been idle for too long."""
        self._pool.sweep()

    def close(self) -> None:
        """Closes every idle connection."""
        self._pool.close()
        self._resolver.close()

    async def _connected(self, keys: list[PoolKey]) -> ClientConnection:
        """A new connection to the first address that takes one."""
        for position, key in enumerate(keys, 1):
            try:
                return await self._pool.connect(key, lambda key=key: self._connect(key))  # type: ignore[misc]
            except (UpstreamUnreachable, UpstreamTimeout):
                if position == len(keys):
                    raise
        raise AssertionError("a resolver answers with one address at least")

    async def _connect(self, key: PoolKey) -> ClientConnection:
        context = await self._contexts.get(key.host, key.ca) if key.scheme == "https" else None
        opened = await self._dial(key)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.tls_seconds):
                _, connection = await loop.create_connection(
                    lambda: ClientConnection(key.host, self._limits),
                    sock=opened,
                    ssl=context,
                    server_hostname=key.host if context else None,
                )
                return connection
        except ssl.SSLCertVerificationError as failure:
            problem = _CERTIFICATE_PROBLEMS.get(failure.verify_code, "it does not verify")
            raise UpstreamCertificate(domain=key.host, problem=problem) from None
        except TimeoutError:
            raise UpstreamTimeout(domain=key.host, problem="the TLS handshake was not done in time") from None
        except OSError:
            raise UpstreamUnreachable(domain=key.host, problem="the TLS handshake failed") from None

    async def _dial(self, key: PoolKey) -> socket.socket:
        """A TCP connection to the very address that was checked."""
        family = socket.AF_INET6 if ":" in key.address else socket.AF_INET
        try:
            opened = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            raise UpstreamUnreachable(domain=key.host, problem="this machine can open no more connections") from None
        opened.setblocking(False)
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                await asyncio.get_running_loop().sock_connect(opened, (key.address, key.port))
        except BaseException as failure:
            opened.close()
            if isinstance(failure, TimeoutError):
                raise UpstreamTimeout(domain=key.host, problem="the connection was not made in time") from None
            if isinstance(failure, OSError):
                raise UpstreamUnreachable(domain=key.host, problem="the connection was refused") from None
            raise
        return opened
