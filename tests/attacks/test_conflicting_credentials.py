"""A credential of the agent's own beside an injection is refused: a server might take either."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from tests.parts.equipped import STYLES, equipped
from tests.parts.house import read
from tests.parts.tls import TlsUpstream

EVERYWHERE = (("Authorization", "Bearer mine"), ("authorization", "x"), ("AUTHORIZATION", ""), ("Cookie", "a=b"), ("cookie", "x"))
OF_THE_SLOT: dict[str, tuple[tuple[str, str, bytes | None], ...]] = {
    "header": (("", "X-Api-Key", None), ("", "x-api-key", None), ("", "X_Api_Key", None), ("", "x_API-key", None)),
    "query": (
        ("&api_key=mine", "", None),
        ("&api_key", "", None),
        ("&%61pi_key=x", "", None),
        ("&API_KEY=x", "", None),
        ("&a=b;api_key=x", "", None),
        ("&api_key[]=x", "", None),
        ("&api_key%5B0%5D=x", "", None),
        ("&+api_key=x", "", None),
    ),
    "body": tuple(
        ("", "", body)
        for body in (
            b'{"auth":{"token":"mine"}}',
            b'{"auth":{"token":null}}',
            b'{"auth":{"\\u0074oken":1}}',
            b'{"a":0,"auth":{"b":1,"token":[]}}',
        )
    ),
    "form": tuple(
        ("", "", body)
        for body in (
            b"client_secret=mine",
            b"a=1&client_secret",
            b"client%5Fsecret=x",
            b"Client_Secret=x",
            b"a=1;client_secret=x",
            b"client_secret%5B%5D=x",
        )
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_credential_of_the_agents_own_is_refused_and_nothing_is_sent(style: str, tmp_path: Path):
    asked = STYLES[style]  # type: ignore[index]
    attempts: list[tuple[str, tuple[str, str] | None, bytes | None]] = [("", field, asked.body) for field in EVERYWHERE]
    attempts += [(query, (name, "mine") if name else None, body or asked.body) for query, name, body in OF_THE_SLOT.get(style, ())]

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for query, field, body in attempts:
                fields = [field] if field else []
                fields += [("Content-Type", asked.kind)] if asked.kind else []
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(upstream.url(f"/echo?q=1{query}"), asked.header, *fields, method="POST", body=body)
                assert refused.value.slug == "conflicting_credentials", (query, field, body)
                assert "mine" not in refused.value.message

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


BODIES = {
    "JSON for a form": ("form", "application/json", b"{}"),
    "a form for JSON": ("body", "application/x-www-form-urlencoded", b"a=1"),
    "no type for JSON": ("body", "text/plain", b"{}"),
    "many parts": ("form", "multipart/form-data; boundary=x", b"--x--"),
    "two members of one name": ("body", "application/json", b'{"auth":{},"auth":{}}'),
    "a body behind the body": ("body", "application/json", b'{"a":1}{"auth":{"token":"mine"}}'),
    "raw bytes in a form": ("form", "application/x-www-form-urlencoded", b"a=\xff"),
    "a line in a form": ("form", "application/x-www-form-urlencoded", b"a=1\r\nb"),
    "a broken escape in a form": ("form", "application/x-www-form-urlencoded", b"a=%zz"),
}


@pytest.mark.parametrize(("style", "kind", "body"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_could_be_read_in_two_ways_takes_no_value(style: str, kind: str, body: bytes, tmp_path: Path):
    asked = STYLES[style]  # type: ignore[index]

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            with pytest.raises(AgentSecretsError) as refused:
                await house.call(upstream.url("/echo"), asked.header, ("Content-Type", kind), method="POST", body=body)
            assert refused.value.slug == "bad_body"

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


def test_two_injections_into_one_place_are_refused(tmp_path: Path):
    pairs = [
        (STYLES["bearer"].header, STYLES["basic"].header),
        (STYLES["bearer"].header, ("X-AS-Inject-Header-authorization", "HEADER_KEY")),
        (STYLES["header"].header, ("X-AS-Inject-Header-x_api_key", "BEARER_KEY")),
        (STYLES["query"].header, ("X-AS-Inject", "query:api_key=QUERY_KEY")),
        (STYLES["body"].header, STYLES["form"].header),
    ]

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for pair in pairs:
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(upstream.url("/echo"), *pair, method="POST")
                assert refused.value.slug == "slot_taken", pair
            await read(await house.call(upstream.url("/echo"), STYLES["bearer"].header, STYLES["query"].header))

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 1
