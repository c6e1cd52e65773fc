"""How much and how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the transport: bytes, counts, seconds.

    Attributes:
        head_bytes: Longest head of a request or answer, and longest trailer section.
        fields: Most header fields in a head, and most trailer fields.
        informational: Most 1xx answers before the final one.
        buffer: Bytes of a body that may wait for their reader before the other side is told to wait.
        client_connections: Most accepted connections; of more, those between two requests give way.
        idle_connections: Most idle connections to upstreams.
        head_seconds: A client must have sent its whole head by then.
        idle_seconds: How long a client connection may lie idle between requests.
        body_seconds: Longest silence of a client within a body.
        stall_seconds: How long either side may refuse to take the bytes that wait for it.
        lookup_seconds: Resolving a name.
        connect_seconds: TCP connect, for each address.
        tls_seconds: TLS handshake.
        first_byte_seconds: From the request's last byte to the answer's head; language models think.
        silence_seconds: Longest silence of an upstream within a body.
        reuse_seconds: How long an idle upstream connection may be used again.
        linger_seconds: How long a refused request's rest is read and thrown away, so that the client sees the answer.
    """

    head_bytes: int = 64 * 1024
    fields: int = 100
    informational: int = 16
    buffer: int = 256 * 1024
    client_connections: int = 16_384
    idle_connections: int = 256
    head_seconds: float = 30.0
    idle_seconds: float = 75.0
    body_seconds: float = 60.0
    stall_seconds: float = 300.0
    lookup_seconds: float = 10.0
    connect_seconds: float = 10.0
    tls_seconds: float = 10.0
    first_byte_seconds: float = 600.0
    silence_seconds: float = 300.0
    reuse_seconds: float = 60.0
    linger_seconds: float = 2.0
