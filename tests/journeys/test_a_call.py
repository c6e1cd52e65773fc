"""The main job through the real parts: sealed store, signed ledger, chained log, TLS upstream."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agentsecrets.audit.verify import verify_log
from agentsecrets.audit.view import newest
from agentsecrets.errors import (
    BindingMismatch,
    BindingRequired,
    ConflictingCredentials,
    DomainNotInAllowlist,
    EmptyAllowlist,
    SecretNotFound,
    UpstreamCertificate,
)
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from tests.parts.house import House, open_house, read
from tests.parts.tls import TlsUpstream

VALUE = b"sk_live_51HxQ/7+zvBq=Lm9"
MARK = b"[REDACTED_BY_AGENTSECRETS]"


def _seen(body: bytes) -> dict[str, object]:
    document: dict[str, object] = json.loads(body)
    return document


def _host(upstream: TlsUpstream) -> str:
    return upstream.allowed.shown


async def _ready(house: House, upstream: TlsUpstream) -> None:
    await house.allow(upstream.allowed)
    await house.set("KEY", VALUE)


def test_the_upstream_gets_the_value_and_the_agent_does_not(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            reply = await house.call(upstream.url("/leak/plain?of=bearer"), ("X-AS-Inject-Bearer", "KEY"))
            body = await read(reply)
            assert reply.status == 200
            assert VALUE not in body
            assert MARK in body
            assert reply.redactions > 0

    with TlsUpstream() as upstream:
        asyncio.run(tell())


@pytest.mark.parametrize(
    ("style", "slot", "header"),
    [
        ("bearer", "", ("X-AS-Inject-Bearer", "KEY")),
        ("basic", "", ("X-AS-Inject-Basic", "PAIR")),
        ("header", "X-Api-Key", ("X-AS-Inject-Header-X-Api-Key", "KEY")),
        ("query", "apiKey", ("X-AS-Inject", "query:apiKey=KEY")),
        ("body", "auth.token", ("X-AS-Inject-Body-auth.token", "KEY")),
        ("form", "client_secret", ("X-AS-Inject-Form-client_secret", "KEY")),
    ],
)
def test_each_style_puts_the_value_where_it_belongs(tmp_path: Path, style: str, slot: str, header: tuple[str, str]) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            await house.set("PAIR", b"user:" + VALUE)
            if style in ("query", "body", "form"):
                await house.bind(Binding(KeyName("KEY"), (_host(upstream),), style, slot))  # type: ignore[arg-type]
            method = "POST" if style in ("body", "form") else "GET"
            reply = await house.call(upstream.url("/echo"), header, method=method, body=b"" if method == "POST" else None)
            echoed = await read(reply)
            assert reply.status == 200
            assert VALUE not in echoed
            assert MARK in echoed, echoed

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_nothing_is_reached_while_the_allowlist_is_empty_and_only_what_is_on_it_afterwards(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await house.set("KEY", VALUE)
            with pytest.raises(EmptyAllowlist):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY"))
            await house.allow(upstream.allowed)
            with pytest.raises(DomainNotInAllowlist):
                await house.call("https://evil.example/", ("X-AS-Inject-Bearer", "KEY"))
            assert [line["status"] for line in newest(house.log, 10)] == ["BLOCKED", "BLOCKED"]

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_the_first_call_pins_a_key_and_a_later_one_elsewhere_is_refused(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            await house.allow(other.allowed)
            await read(await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY")))
            with pytest.raises(BindingMismatch):
                await house.call(other.url("/echo"), ("X-AS-Inject-Bearer", "KEY"))
            with pytest.raises(BindingMismatch):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Header-X-Key", "KEY"))
            house.open()
            await house.journal.start()
            with pytest.raises(BindingMismatch):
                await house.call(other.url("/echo"), ("X-AS-Inject-Bearer", "KEY"))

    with TlsUpstream() as upstream, TlsUpstream() as other:
        asyncio.run(tell())


def test_a_key_is_not_written_into_a_body_before_a_person_consents(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            with pytest.raises(BindingRequired):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Body-content", "KEY"), method="POST", body=b"{}")

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_an_agents_own_credential_beside_an_injection_is_refused(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            with pytest.raises(ConflictingCredentials):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Header-X-Key", "KEY"), ("Authorization", "Bearer mine"))

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_missing_secret_and_a_bad_certificate_are_told_in_our_own_words(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await house.allow(upstream.allowed)
            with pytest.raises(SecretNotFound):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "NOPE"))
            await house.allow(AllowedHost("127.0.0.1", stranger.port, private=("127.0.0.0/8",)))
            with pytest.raises(UpstreamCertificate):
                await house.call(stranger.url("/echo").replace("localhost", "127.0.0.1"))

    with TlsUpstream() as upstream, TlsUpstream() as stranger:
        asyncio.run(tell())


def test_an_intent_is_in_the_log_before_its_outcome_and_the_chain_holds(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            await read(await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY")))
            await house.journal.checkpoint(house.person.unattended.device, house.account.account_id, now=True)
            assert [row.phase for row in house.log.rows(0, 10)] == ["intent", "outcome"]
            verdict = verify_log(house.log, house.workspace.identity)
            assert (verdict.rows, verdict.anchored, verdict.first_bad) == (2, 2, None)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_no_file_of_the_home_folder_holds_the_value_or_the_password(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            await read(await house.call(upstream.url("/leak/plain?of=bearer"), ("X-AS-Inject-Bearer", "KEY")))

    with TlsUpstream() as upstream:
        asyncio.run(tell())
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert VALUE not in content
            assert b"violet-harbour" not in content


def test_of_two_first_calls_at_once_only_one_gets_the_key(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            await house.allow(other.allowed)
            calls = [house.call(place.url("/echo"), ("X-AS-Inject-Bearer", "KEY")) for place in (upstream, other)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(answer, BindingMismatch) for answer in answers) == 1
            for answer in answers:
                if not isinstance(answer, BaseException):
                    await read(answer)

    with TlsUpstream() as upstream, TlsUpstream() as other:
        asyncio.run(tell())


def test_one_call_cannot_use_an_unbound_key_in_two_places(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            with pytest.raises(BindingMismatch):
                await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY"), ("X-AS-Inject-Header-X-Other", "KEY"))

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_reply_that_nobody_reads_is_closed_and_recorded(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _ready(house, upstream)
            reply = await house.call(upstream.url("/big?bytes=1000000"), ("X-AS-Inject-Bearer", "KEY"))
            await reply.close()
            await reply.close()
            assert house.engine.under_way == 0
            assert [line["status"] for line in newest(house.log, 10)] == ["CANCELLED"]

    with TlsUpstream() as upstream:
        asyncio.run(tell())
