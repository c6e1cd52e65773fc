"""``ports.Upstream`` over TCP and TLS: resolve, check, connect to the checked address, send."""

from __future__ import annotations

import asyncio
import ssl

from agentsecrets.errors import AgentSecretsError, UpstreamCertificate, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.client import Answer, ClientConnection, Stale
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.pool import Pool, PoolKey
from agentsecrets.network.tls import client_context
from agentsecrets.ports import Outbound

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_CERTIFICATE_REASONS = {
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not known",
    20: "its authority is not known",
    62: "it names another host",
}
"""OpenSSL's X509_V_ERR codes, in our words (x509_vfy.h)."""


class HttpUpstream:
    """The world behind the proxy, over pooled and verified connections."""

    def __init__(self, resolver: Resolver, limits: Limits) -> None:
        self._resolver = resolver
        self._limits = limits
        self._pool = Pool(limits.reuse_seconds)

    async def send(self, outbound: Outbound) -> Answer:
        """Sends one request and returns once the final answer's head is in.

        A request is sent twice only when a reused connection turned out to be closed before any answer, the method is idempotent, and
        the body can be sent again.

        Raises:
            UpstreamUnreachable, UpstreamCertificate, UpstreamTimeout, UpstreamProtocol, AddressBlocked
        """
        addresses = await self._resolver.resolve(outbound.target, outbound.allowed)
        connection = await self._connection(outbound, addresses, fresh=False)
        try:
            return await connection.exchange(outbound)
        except Stale:
            again = connection.reused and outbound.method in _IDEMPOTENT and isinstance(outbound.body, bytes | None)
        if again:
            connection = await self._connection(outbound, addresses, fresh=True)
            try:
                return await connection.exchange(outbound)
            except Stale:
                pass
        raise UpstreamUnreachable(domain=outbound.target.host, problem="it closed the connection without an answer")

    def sweep(self) -> None:
        """Closes connections that have been idle for too long."""
        self._pool.sweep()

    def close(self) -> None:
        """Closes every idle connection."""
        self._pool.close()

    async def _connection(self, outbound: Outbound, addresses: list[str], *, fresh: bool) -> ClientConnection:
        failure: AgentSecretsError | None = None
        target, allowed = outbound.target, outbound.allowed
        for address in addresses:
            key = PoolKey(target.scheme, target.host, target.port, address, allowed.ca)
            try:
                return await self._pool.take(key, lambda address=address: self._connect(outbound, address), fresh=fresh)  # type: ignore[misc]
            except (UpstreamUnreachable, UpstreamTimeout) as unreachable:
                failure = unreachable
        raise failure or UpstreamUnreachable(domain=target.host, problem="its name has no address")

    async def _connect(self, outbound: Outbound, address: str) -> ClientConnection:
        target = outbound.target
        secure = target.scheme == "https"
        try:
            async with asyncio.timeout(self._limits.connect_seconds + (self._limits.tls_seconds if secure else 0)):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: ClientConnection(target.host, self._limits),
                    address,
                    target.port,
                    ssl=client_context(outbound.allowed.ca) if secure else None,
                    server_hostname=target.host if secure else None,
                    ssl_handshake_timeout=self._limits.tls_seconds if secure else None,
                )
                return connection
        except ssl.SSLCertVerificationError as failure:
            problem = _CERTIFICATE_REASONS.get(failure.verify_code, "it does not verify")
            raise UpstreamCertificate(domain=target.host, problem=problem) from None
        except ssl.SSLError:
            raise UpstreamUnreachable(domain=target.host, problem="the TLS handshake failed") from None
        except TimeoutError:
            raise UpstreamTimeout(domain=target.host, problem="the connection was not made in time") from None
        except OSError:
            raise UpstreamUnreachable(domain=target.host, problem="the connection was refused or broke off") from None
