"""TLS towards upstreams. Nothing in the environment changes it."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")
"""Where Debian, Fedora, SUSE, and Alpine or macOS keep the system's trust store."""


@lru_cache(maxsize=64)
def client_context(extra_ca: str = "") -> ssl.SSLContext:
    """A verifying context: TLS 1.2 or newer, host names checked, the system's authorities and perhaps one more.

    The trust store is named by path: OpenSSL's own defaults would follow ``SSL_CERT_FILE``. Costs tens of milliseconds once.

    Args:
        extra_ca: Certification authorities in PEM from the signed allowlist entry.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    compiled_in = ssl.get_default_verify_paths().openssl_cafile
    bundle = next((path for path in (*_BUNDLES, compiled_in) if Path(path).is_file()), None)
    if bundle is not None:
        context.load_verify_locations(cafile=bundle)
    if extra_ca:
        context.load_verify_locations(cadata=extra_ca)
    return context
