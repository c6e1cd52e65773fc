"""An upstream that cannot be trusted, breaks off, or keeps silent, and a client that leaves: each is told, recorded, and frees its slot."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentsecrets.audit.view import Line, newest
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.house import House, open_house, read
from tests.parts.patience import until
from tests.parts.tls import TlsUpstream

BEARER = ("X-AS-Inject-Bearer", "KEY")


@asynccontextmanager
async def _calling(root: Path, entry: AllowedHost) -> AsyncIterator[House]:
    async with open_house(root / "home") as house:
        await house.allow(entry)
        await house.set("KEY", VALUE.encode())
        yield house


async def _fails(house: House, url: str) -> str:
    """Makes a call that must fail, at its head or in its body; answers the slug."""
    with pytest.raises(AgentSecretsError) as refused:
        await read(await house.call(url, BEARER))
    failure = refused.value
    assert failure.message
    assert failure.hint
    assert VALUE not in failure.message + failure.hint
    return failure.slug


def _last(house: House) -> Line:
    (line,) = newest(house.log, 1)
    return line


# --- certificates ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("upstream", "known", "said"),
    [
        (lambda: TlsUpstream(expired=True), True, "it has expired"),
        (lambda: TlsUpstream(names=("other.example",)), True, "it names another host"),
        (TlsUpstream, False, "its authority is not known"),
    ],
    ids=["expired", "other name", "unknown authority"],
)
def test_a_certificate_that_does_not_hold_gets_no_credential(
    tmp_path: Path, upstream: Callable[[], TlsUpstream], known: bool, said: str
) -> None:
    with commands(tmp_path) as person, upstream() as server:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        if known:
            person.allow(server)
        else:
            with TlsUpstream() as another:
                server_pem, server.ca = server.ca, another.ca
                person.allow(server)
                server.ca = server_pem
        told = person.ask("call", "--url", server.url("/echo"), "--bearer", "KEY", code=7)
        refusal = json.loads(told["body"])
        assert refusal["error"] == "upstream_certificate"
        assert said in refusal["message"]
        assert "agentsecrets workspace allowlist add" in refusal["hint"]
        assert server.seen == []
        (line,) = [json.loads(text) for text in person.run("proxy", "logs").splitlines()]
        assert (line["status"], line["reason"]) == ("FAILED", "upstream_certificate")


# --- resets -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def breaking() -> Iterator[TlsUpstream]:
    with TlsUpstream() as upstream:
        yield upstream


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/reset/before", "upstream_unreachable"),
        ("/reset/in", "upstream_unreachable"),
        ("/reset/after", "upstream_unreachable"),
        ("/silent", "upstream_timeout"),
    ],
)
def test_an_upstream_that_breaks_off_is_told_recorded_and_frees_its_slot(
    tmp_path: Path, breaking: TlsUpstream, path: str, slug: str
) -> None:
    async def story() -> None:
        async with _calling(tmp_path, breaking.allowed) as house:
            for _ in range(3):
                assert await _fails(house, breaking.url(path)) == slug
                assert (_last(house)["status"], _last(house)["reason"]) == ("FAILED", slug)
                assert house.engine.under_way == 0
            assert json.loads(await read(await house.call(breaking.url("/echo"), BEARER)))["method"] == "GET"
            assert house.log.dangling() == []

    asyncio.run(story())


def test_a_host_where_nobody_listens_is_told_apart(tmp_path: Path) -> None:
    async def story(port: int) -> None:
        async with _calling(tmp_path, AllowedHost("localhost", port, private=("127.0.0.0/8", "::1/128"))) as house:
            assert await _fails(house, f"https://localhost:{port}/") == "upstream_unreachable"
            assert house.engine.under_way == 0

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asyncio.run(story(port))


def test_a_command_ends_with_the_family_of_the_fault_and_keeps_what_had_come(tmp_path: Path, breaking: TlsUpstream) -> None:
    with commands(tmp_path) as person:
        person.allow(breaking)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        for path in ("before", "in", "after"):
            ended = person.end("call", "--url", breaking.url(f"/reset/{path}"), "--bearer", "KEY")
            assert ended.returncode == 7
            assert "hint: " in ended.stderr
        told = person.ask("call", "--url", breaking.url("/reset/after"), code=7)
        assert told["body"] == "only this much"
        assert told["error"]
        lines = [json.loads(line) for line in person.run("proxy", "logs").splitlines()]
        assert [line["status"] for line in lines] == ["FAILED"] * 4


# --- clients that leave -----------------------------------------------------------------------------------------------------------------


def _settled(house: House) -> bool:
    return house.engine.under_way == 0 and not house.log.dangling()


@pytest.mark.parametrize("path", ["/silent", "/big?bytes=50000000", "/sse?events=1000&gap=0.01"])
def test_a_caller_that_is_cancelled_at_any_moment_frees_its_slot_and_is_recorded(tmp_path: Path, breaking: TlsUpstream, path: str) -> None:
    async def story() -> None:
        async with _calling(tmp_path, breaking.allowed) as house:
            for turn in range(12):
                call = asyncio.create_task(_whole(house, breaking.url(path)))
                for _ in range(turn * turn):
                    await asyncio.sleep(0)
                call.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await call
            await until(lambda: _settled(house))
            assert {line["status"] for line in newest(house.log, 100)} <= {"CANCELLED"}

    asyncio.run(story())


async def _whole(house: House, url: str) -> None:
    reply = await house.call(url, BEARER)
    try:
        await read(reply)
    finally:
        await reply.close()


def test_a_command_that_is_killed_while_an_answer_streams_is_recorded_as_cancelled(tmp_path: Path, breaking: TlsUpstream) -> None:
    with commands(tmp_path) as person:
        person.allow(breaking)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        words = [PROGRAM, "call", "--url", breaking.url("/sse?events=10000&gap=0.01"), "--bearer", "KEY"]
        with subprocess.Popen(words, cwd=person.folder, env=person.environment, stdout=subprocess.PIPE) as program:
            assert program.stdout is not None
            assert program.stdout.readline().startswith(b"id: 0")
            program.kill()
        assert _status_of_the_last(person) == "CANCELLED"


def test_a_client_of_the_port_that_leaves_is_recorded_as_cancelled(tmp_path: Path, breaking: TlsUpstream) -> None:
    with commands(tmp_path) as person:
        person.allow(breaking)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        status, token = person.ask("status"), person.run("proxy", "token").strip()
        head = (
            f"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:{status['port']}\r\nX-AS-Session-Token: {token}\r\n"
            f"X-AS-Target-URL: {breaking.url('/sse?events=10000&gap=0.01')}\r\nX-AS-Inject-Bearer: KEY\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", status["port"])) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert _status_of_the_last(person) == "CANCELLED"


def test_a_daemon_that_is_stopped_under_a_stream_records_its_end(tmp_path: Path, breaking: TlsUpstream) -> None:
    with commands(tmp_path) as person:
        person.allow(breaking)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        words = [PROGRAM, "call", "--url", breaking.url("/sse?events=10000&gap=0.01"), "--bearer", "KEY"]
        with subprocess.Popen(words, cwd=person.folder, env=person.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            assert program.stdout is not None
            assert program.stdout.readline().startswith(b"id: 0")
            person.run("proxy", "stop")
            _, complained = program.communicate(timeout=30)
        assert program.returncode == 7
        assert b"hint: " in complained
        person.ask("proxy", "start")
        assert _status_of_the_last(person) == "CANCELLED"


def _status_of_the_last(person: Commands) -> str:
    deadline = time.monotonic() + 20
    while True:
        (line,) = [json.loads(text) for text in person.run("proxy", "logs", "--last", "1").splitlines()]
        if line["status"] != "UNKNOWN" or time.monotonic() > deadline:
            return str(line["status"])
        time.sleep(0.05)
