"""TLS towards upstreams, as its transports see it."""

from __future__ import annotations

import ssl
from types import BuiltinMethodType

from agentsecrets.network.tls import client_context


def test_a_connection_reads_and_writes_without_a_function_in_between():
    made = client_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    assert isinstance(made, ssl.SSLObject)
    assert all(isinstance(method, BuiltinMethodType) for method in (made.read, made.write, made.pending))
