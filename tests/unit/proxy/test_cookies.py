"""Cookies of an answer: whose they are."""

from __future__ import annotations

import http.cookiejar
import urllib.request
from email.message import Message
from typing import cast

import pytest

from agentsecrets.proxy.cookies import of_host

HOST = "api.example.com"


@pytest.mark.parametrize(
    ("cookie", "told"),
    [
        (b"a=1", b"a=1; Domain=api.example.com"),
        (b"a=1; Path=/; HttpOnly", b"a=1; Path=/; HttpOnly; Domain=api.example.com"),
        (b"a=1;Domain=example.com;Secure", b"a=1;Domain=example.com;Secure"),
        (b"a=1; domain = .Example.com", b"a=1; domain = .Example.com"),
        (b"a=1; Domain=127.0.0.1", b"a=1; Domain=api.example.com"),
        (b"a=1; Domain=localhost; Path=/", b"a=1; Path=/; Domain=api.example.com"),
        (b"a=1; Domain=com", b"a=1; Domain=api.example.com"),
        (b"a=1; Domain=", b"a=1; Domain=api.example.com"),
        (b"a=1; Domain", b"a=1; Domain=api.example.com"),
        (b"a=1; Domain=example.com; Domain=127.0.0.1", b"a=1; Domain=api.example.com"),
        (b"a=1; Domain=notexample.com", b"a=1; Domain=api.example.com"),
        (b"a=Domain=x", b"a=Domain=x; Domain=api.example.com"),
        (b"", b"; Domain=api.example.com"),
    ],
)
def test_a_cookie_says_whose_it_is(cookie: bytes, told: bytes):
    assert of_host(((b"Set-Cookie", cookie), (b"X", cookie)), HOST) == ((b"Set-Cookie", told), (b"X", cookie))


@pytest.mark.parametrize("cookie", [b"a=1", b"a=1; Path=/", b"a=1; Domain=127.0.0.1", b"a=1; Domain=localhost", b"a=1; Domain=.local"])
@pytest.mark.parametrize("host", [HOST, "10.1.2.3", "::1"])
@pytest.mark.parametrize("proxy", ["127.0.0.1", "localhost"])
def test_the_jar_of_python_does_not_take_it_for_one_of_the_proxy(cookie: bytes, host: str, proxy: str):
    jar = http.cookiejar.CookieJar()
    fields = Message()
    for name, value in of_host(((b"Set-Cookie", cookie),), host):
        fields[name.decode()] = value.decode()
    request = urllib.request.Request(f"http://{proxy}:8765/proxy")

    class Answered:
        def info(self) -> Message:
            return fields

    jar.extract_cookies(cast("http.client.HTTPResponse", Answered()), request)
    assert list(jar) == []
