"""``call`` as an agent uses it."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands
from tests.parts.tls import Seen, TlsUpstream, answer, chunk

PAIR = "user:" + VALUE


@pytest.fixture(scope="module")
def bound(settled: Commands, upstream: TlsUpstream) -> Commands:
    """One key bound to each style at the upstream, one that its first call will pin, and a pair."""
    person, host = settled, settled.allow(upstream)
    for key, style in (
        ("QUERY", ("--query", "apiKey")),
        ("BODY", ("--body-field", "auth.token")),
        ("FORM", ("--form-field", "client_secret")),
    ):
        person.run("secrets", "set", f"{key}={VALUE}", "--for", host, *style, "--password-stdin", said=PASSWORD)
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("secrets", "set", "TEAM=-", said=VALUE)
    person.run("secrets", "set", "UNBOUND=-", said=VALUE)
    person.run("secrets", "set", "PAIR=-", said=PAIR)
    return person


@pytest.fixture
def ready(bound: Commands, upstream: TlsUpstream) -> Commands:
    """The same, while the upstream has seen nothing yet."""
    upstream.seen.clear()
    return bound


STYLES: dict[str, tuple[tuple[str, str], Callable[[Seen], str]]] = {
    "bearer": (("--bearer", "KEY"), lambda seen: seen.header("Authorization").removeprefix("Bearer ")),
    "basic": (("--basic", "PAIR"), lambda seen: base64.b64decode(seen.header("Authorization").removeprefix("Basic ")).decode()),
    "header": (("--header", "X-Api-Key=TEAM"), lambda seen: seen.header("X-Api-Key")),
    "query": (("--query", "apiKey=QUERY"), lambda seen: seen.query["apiKey"]),
    "body": (("--body-field", "auth.token=BODY"), lambda seen: str(json.loads(seen.body)["auth"]["token"])),
    "form": (("--form-field", "client_secret=FORM"), lambda seen: parse_qs(seen.body.decode())["client_secret"][0]),
}
"""Style → the flag that asks for it, and where the upstream finds the credential then."""


@pytest.mark.parametrize("style", STYLES)
def test_each_style_brings_the_value_there_and_not_back(ready: Commands, upstream: TlsUpstream, style: str) -> None:
    words, credential = STYLES[style]
    told = ready.ask("call", "--url", upstream.url("/echo"), *words)
    (seen,) = upstream.seen
    assert credential(seen) == (PAIR if style == "basic" else VALUE)
    assert seen.method == ("POST" if style in ("body", "form") else "GET")
    assert (told["status"], told["redacted"]) == (200, True)
    assert VALUE not in json.dumps(told)


def test_styles_combine(ready: Commands, upstream: TlsUpstream) -> None:
    ready.run("secrets", "set", "OTHER=-", said="another-value-of-some-length")
    words = ("--bearer", "KEY", "--header", "X-Team=OTHER", "--query", "apiKey=QUERY", "--body-field", "auth.token=BODY")
    told = ready.run("call", "--url", upstream.url("/echo"), *words)
    (seen,) = upstream.seen
    assert seen.header("X-Team") == "another-value-of-some-length"
    assert (seen.query["apiKey"], json.loads(seen.body)) == (VALUE, {"auth": {"token": VALUE}})
    assert "another-value" not in told
    assert VALUE not in told


@pytest.mark.parametrize("how", ["text", "file", "pipe"])
def test_a_body_comes_as_text_from_a_file_or_from_a_pipe(ready: Commands, upstream: TlsUpstream, how: str) -> None:
    body = '{"name": "naïve"}'
    (ready.folder / "body.json").write_text(body, encoding="utf-8")
    word = {"text": body, "file": "@body.json", "pipe": "-"}[how]
    words = ("--bearer", "KEY", "--body", word, "--plain-header", "Content-Type: application/json")
    ready.run("call", "--url", upstream.url("/echo"), *words, said=body if how == "pipe" else "")
    (seen,) = upstream.seen
    assert (seen.method, seen.body.decode(), seen.header("Content-Type")) == ("POST", body, "application/json")


def test_a_long_body_streams_from_a_pipe_and_a_long_answer_streams_back(ready: Commands, upstream: TlsUpstream, tmp_path: Path) -> None:
    async def back(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(200, seen.body, content_type="application/octet-stream"))

    upstream.on("/back", back)
    sent = tmp_path / "sent"
    sent.write_bytes(bytes(range(256)) * 20_000)
    with sent.open("rb") as source:
        command = [PROGRAM, "call", "--url", upstream.url("/back"), "--bearer", "KEY", "--body", "-"]
        got = subprocess.run(command, stdin=source, cwd=ready.folder, env=ready.environment, capture_output=True, timeout=60, check=True)
    assert got.stdout == sent.read_bytes()


def test_the_body_is_printed_as_it_streams_in(ready: Commands, upstream: TlsUpstream) -> None:
    """The upstream sends its second event only when the first has been printed: a command that buffers would wait forever."""
    printed = asyncio.Event()

    async def two_events(seen: Seen, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001  (every behaviour has this shape)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(chunk(b"data: first\n\n"))
        async with asyncio.timeout(20):
            await printed.wait()
        writer.write(chunk(b"data: second\n\n") + b"0\r\n\r\n")

    upstream.on("/two", two_events)
    command = [PROGRAM, "call", "--url", upstream.url("/two"), "--bearer", "KEY"]
    with subprocess.Popen(command, cwd=ready.folder, env=ready.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"data: first\n"
        upstream.soon(printed.set)
        assert running.stdout.read() == b"\ndata: second\n\n"
    assert running.returncode == 0


def test_the_json_form_has_the_published_fields(ready: Commands, upstream: TlsUpstream) -> None:
    told = ready.ask("call", "--url", upstream.url("/status/404"), "--bearer", "KEY")
    assert told.keys() == {"status", "headers", "body", "redacted", "duration_ms"}
    assert (told["status"], told["redacted"], told["headers"]["Content-Type"]) == (404, False, ["application/json"])
    assert isinstance(told["duration_ms"], int)


def test_a_refusal_in_json_has_the_slug_in_its_body(ready: Commands) -> None:
    told = ready.ask("call", "--url", "https://elsewhere.example/", "--bearer", "KEY", code=4)
    refusal = json.loads(told["body"])
    assert (refusal["error"], refusal["domain"]) == ("domain_not_in_allowlist", "elsewhere.example")
    assert "agentsecrets workspace allowlist add elsewhere.example" in refusal["hint"]
    assert told["error"] == refusal["message"]


def test_the_agent_s_name_is_in_the_log(ready: Commands, upstream: TlsUpstream) -> None:
    ready.run("call", "--url", upstream.url("/echo"), "--bearer", "KEY", "--agent-id", "by flag")
    ready.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY", AGENTSECRETS_AGENT_ID="by variable")
    lines = [json.loads(line) for line in ready.run("proxy", "logs", "--last", "2").splitlines()]
    assert [(line["agent_id"], line["identity_level"]) for line in lines] == [("by flag", "declared"), ("by variable", "declared")]


@pytest.mark.parametrize(
    ("words", "code", "slug"),
    [
        (("--bearer", "MISSING"), 5, "secret_not_found"),
        (("--bearer", "not-a-name"), 2, "bad_key_name"),
        (("--bearer", "KEY", "--token", "agt_00000000_unknown"), 4, "unknown_token"),
        (("--bearer", "KEY", "--basic", "PAIR"), 2, "slot_taken"),
        (("--bearer", "KEY", "--plain-header", "Authorization: mine"), 2, "conflicting_credentials"),
        (("--bearer", "KEY", "--plain-header", "no colon"), 2, "bad_header"),
        (("--bearer", "KEY", "--method", "TRACE"), 4, "method_refused"),
        (("--header", "X-Api-Key"), 2, "bad_injection"),
        (("--body-field", "auth.token=BODY", "--body", "not json"), 2, "bad_body"),
        (("--form-field", "client_secret=FORM", "--body", "not a form!{}"), 2, "bad_body"),
        (("--query", "key=UNBOUND"), 4, "binding_required"),
        (("--query", "key=KEY"), 4, "binding_mismatch"),
    ],
)
def test_what_is_refused_reaches_nobody(ready: Commands, upstream: TlsUpstream, words: tuple[str, ...], code: int, slug: str) -> None:
    told = ready.ask("call", "--url", upstream.url("/echo"), *words, code=code)
    assert slug in json.dumps(told)
    assert upstream.seen == []


@pytest.mark.parametrize(
    "url", ["http://api.example.com/", "ftp://x/", "https://u@api.example.com/", "https://api.example.com\\@x/", "", "x"]
)
def test_a_target_that_is_not_plain_https_is_refused(ready: Commands, url: str) -> None:
    assert ready.end("call", "--url", url, "--bearer", "KEY").returncode in (2, 4)


def test_a_call_without_a_secret_needs_the_allowlist_all_the_same(ready: Commands, upstream: TlsUpstream) -> None:
    assert ready.ask("call", "--url", upstream.url("/echo"))["status"] == 200
    assert ready.end("call", "--url", "https://elsewhere.example/").returncode == 4
