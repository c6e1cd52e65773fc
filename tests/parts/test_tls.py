"""The upstream of the tests does what it says."""

from __future__ import annotations

import http.client
import json
import ssl

import pytest

from tests.parts.tls import TlsUpstream


def _ask(upstream: TlsUpstream, path: str, **fields: str) -> tuple[http.client.HTTPResponse, bytes]:
    context = ssl.create_default_context(cadata=upstream.ca_pem)
    connection = http.client.HTTPSConnection("localhost", upstream.port, context=context, timeout=10)
    connection.request("GET", path, headers=fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_it_echoes_a_request_over_verified_tls():
    with TlsUpstream() as upstream:
        _, body = _ask(upstream, "/echo?a=1", Authorization="Bearer x")
        assert json.loads(body)["target"] == "/echo?a=1"
        assert upstream.seen[0].credential() == b"x"


def test_a_client_that_does_not_know_the_authority_refuses_it():
    with TlsUpstream() as upstream:
        connection = http.client.HTTPSConnection("localhost", upstream.port, context=ssl.create_default_context(), timeout=10)
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/")


def test_an_expired_certificate_is_refused():
    with TlsUpstream(expired=True) as upstream, pytest.raises(ssl.SSLCertVerificationError):
        _ask(upstream, "/echo")


@pytest.mark.parametrize(
    ("form", "said"), [("plain", b"s3cret"), ("base64-0-0", b"czNjcmV0"), ("hex", b"733363726574"), ("reversed", b"terc3s")]
)
def test_it_says_a_credential_again_in_a_form(form: str, said: bytes):
    with TlsUpstream() as upstream:
        _, body = _ask(upstream, f"/leak/{form}?in=chunks", Authorization="Bearer s3cret")
        assert said in body


def test_it_breaks_in_the_middle_of_a_body():
    with TlsUpstream() as upstream, pytest.raises(http.client.IncompleteRead):
        _ask(upstream, "/reset/after")


def test_a_silent_upstream_ends_with_the_test():
    with TlsUpstream() as upstream:
        connection = http.client.HTTPSConnection("localhost", upstream.port, context=ssl.create_default_context(cadata=upstream.ca_pem))
        connection.request("GET", "/silent")
    connection.close()
