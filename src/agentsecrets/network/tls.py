"""TLS towards upstreams. Nothing in the environment changes it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import cast

from agentsecrets.errors import UpstreamCertificate

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")
"""Where Debian, Fedora, SUSE, and Alpine or macOS keep the system's trust store."""

_MOST = 64


class FedObject(ssl.SSLObject):
    """TLS of a connection that can also be fed by hand, when its transport is gone.

    Attributes:
        incoming: Where bytes off the wire go in.
    """

    incoming: ssl.MemoryBIO

    def be_direct(self) -> None:
        """Reads and writes without ``ssl.SSLObject``, which only calls what it wraps: an eighth of what an event of a stream costs."""
        wrapped = getattr(self, "_sslobj", None)
        if wrapped is None:
            return  # the standard library keeps it elsewhere: its own functions do the same
        for name in ("read", "write", "pending"):
            setattr(self, name, getattr(wrapped, name))


class _Context(ssl.SSLContext):
    """Its connections know where they are fed."""

    sslobject_class = FedObject

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> FedObject:
        made = cast("FedObject", super().wrap_bio(incoming, outgoing, server_side, server_hostname, session))
        made.incoming = incoming
        made.be_direct()
        return made


def client_context(extra_ca: str = "") -> ssl.SSLContext:
    """A verifying context: TLS 1.2 or newer, host names checked, the system's authorities and perhaps one more.

    The trust store is named by path, because OpenSSL's own defaults follow ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``. Keys are never
    logged: only ``ssl.create_default_context`` looks at ``SSLKEYLOGFILE``. Takes tens of milliseconds.

    Args:
        extra_ca: Certification authorities in PEM from the signed allowlist entry, beside the system's.

    Raises:
        ssl.SSLError, ValueError: When the extra authorities cannot be read.
    """
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    compiled_in = ssl.get_default_verify_paths().openssl_cafile
    bundle = next((path for path in (*_BUNDLES, compiled_in) if Path(path).is_file()), None)
    if bundle is not None:
        context.load_verify_locations(cafile=bundle)
    if extra_ca:
        context.load_verify_locations(cadata=extra_ca)
    return context


def known_authorities() -> int:
    """How many authorities the system's trust store holds; 0 when there is no store, or one that cannot be read."""
    try:
        return client_context().cert_store_stats()["x509_ca"]
    except (ssl.SSLError, OSError):
        return 0


class Contexts:
    """TLS contexts, each built once, in a thread."""

    def __init__(self) -> None:
        self._built: dict[str, ssl.SSLContext] = {}

    async def get(self, domain: str, extra_ca: str) -> ssl.SSLContext:
        """The context for an allowlist entry's extra authorities.

        Raises:
            UpstreamCertificate: When they cannot be read.
        """
        context = self._built.get(extra_ca)
        if context is None:
            try:
                context = await asyncio.to_thread(client_context, extra_ca)
            except (ssl.SSLError, ValueError):
                raise UpstreamCertificate(domain=domain, problem="the extra authority of its allowlist entry cannot be read") from None
            if len(self._built) >= _MOST:
                del self._built[next(iter(self._built))]
            self._built[extra_ca] = context
        return context
