"""``agentsecrets mcp serve``: an AI tool lists names and calls an API, in every version of the protocol, and sees no value."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.mcp.asking import Daemon
from agentsecrets.mcp.server import Server
from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.mcp import McpClient, shop
from tests.parts.patience import wait_until
from tests.parts.tls import Seen, TlsUpstream, chunk

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, upstream: TlsUpstream) -> Iterator[Commands]:
    with shop(tmp_path_factory.mktemp("mcp"), upstream, USER_KEY="ada:" + VALUE, SECOND_KEY=VALUE) as made:
        yield made


def _result(client: McpClient, method: str, params: dict[str, Any] | None = None) -> Any:
    return client.ask(method, params)["result"]


@pytest.mark.parametrize("version", HANDSHAKES)
def test_each_version_with_a_handshake_is_served_as_it_knows_tools(desk: Commands, upstream: TlsUpstream, version: str):
    with McpClient(desk, version=version) as client:
        tools = {tool["name"]: tool for tool in _result(client, "tools/list")["tools"]}
        assert {"list_secrets", "api_call", "status", "proxy_logs", "request_secret", "next_page"} == set(tools)
        assert ("annotations" in tools["api_call"]) is (version > "2024-11-05")
        called = {"name": "api_call", "arguments": {"url": upstream.url("/leak/plain"), "injections": {"bearer": "KEY"}}}
        result = _result(client, "tools/call", called)
        assert json.loads(result["content"][0]["text"])["untrusted"]["body"] == "before [REDACTED_BY_AGENTSECRETS] after"
        assert ("structuredContent" in result) is (version >= "2025-06-18")
        assert "resultType" not in result
        assert client.end()[0] == 0
        assert VALUE.encode() not in client.said


def test_the_modern_era_needs_no_handshake(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk, version="") as client:
        found = _result(client, "server/discover")
        assert found["supportedVersions"] == ["2026-07-28"]
        assert (found["resultType"], found["cacheScope"], found["ttlMs"]) == ("complete", "private", 0)
        assert found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "agentsecrets"
        listed = _result(client, "tools/list")
        assert (listed["resultType"], listed["cacheScope"], listed["ttlMs"]) == ("complete", "private", 0)
        told = client.use("api_call", url=upstream.url("/leak/plain"), injections={"bearer": "KEY"})
        assert told["untrusted"]["body"] == "before [REDACTED_BY_AGENTSECRETS] after"
        assert told["redacted"] is True


def test_a_version_that_is_not_served_is_refused_with_those_that_are(desk: Commands):
    with McpClient(desk, version="") as client:
        meta = {"io.modelcontextprotocol/protocolVersion": "2099-01-01", "io.modelcontextprotocol/clientCapabilities": {}}
        client.send({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": meta}})
        error = client.next()["error"]
        assert error["code"] == -32022
        assert error["data"] == {"supported": ["2026-07-28", *reversed(HANDSHAKES)], "requested": "2099-01-01"}
        assert client.ask("ping")["error"]["code"] == -32601
        asked = {"protocolVersion": "2099-01-01", "capabilities": {}}
        client.send({"jsonrpc": "2.0", "id": 8, "method": "initialize", "params": asked})
        assert client.next()["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize(
    ("injections", "part"),
    [
        ({"bearer": "KEY"}, "of=bearer"),
        ({"basic": "USER_KEY"}, "of=basic"),
        ({"header:X-Api-Key": "SECOND_KEY"}, "of=header:X-Api-Key"),
    ],
)
def test_the_styles_that_pin_work_at_once(desk: Commands, upstream: TlsUpstream, injections: dict[str, str], part: str):
    with McpClient(desk) as client:
        told = client.use("api_call", url=upstream.url(f"/leak/plain?{part}"), injections=injections)
        assert told["status"] == 200
        assert "[REDACTED_BY_AGENTSECRETS]" in told["untrusted"]["body"]
        assert VALUE not in json.dumps(told)


def test_the_other_styles_need_a_person_and_say_so(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        for place in ("query:key", "body:auth.token", "form:client_secret"):
            desk.run("secrets", "set", "FRESH_KEY", said=VALUE)
            told = client.refused("api_call", url=upstream.url("/echo"), injections={place: "FRESH_KEY"})
            assert told["error"] == "binding_required"
            assert "agentsecrets secrets bind FRESH_KEY" in told["hint"]


def test_method_headers_and_body_are_the_agents(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        told = client.use(
            "api_call", url=upstream.url("/echo?a=1"), method="PUT", headers={"X-Team": "blue", "Content-Type": "text/plain"}, body="hällo"
        )
        seen = upstream.seen[-1]
        assert (seen.method, seen.target, seen.body.decode(), seen.header("X-Team")) == ("PUT", "/echo?a=1", "hällo", "blue")
        assert told["from"] == upstream.origin.removeprefix("https://")
        client.use("api_call", url=upstream.url("/echo"), body="{}")
        assert upstream.seen[-1].method == "POST"
        client.use("api_call", url=upstream.url("/echo"), body="x" * 300_000)
        assert len(upstream.seen[-1].body) == 300_000


def test_a_long_answer_comes_in_pages_that_make_the_whole(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        told = client.use("api_call", url=upstream.url("/big?bytes=100000"), injections={"bearer": "KEY"})
        body, calls = told["untrusted"]["body"], len(upstream.seen)
        while "next_cursor" in told:
            assert len(told["untrusted"]["body"]) <= 24_000
            told = client.use("next_page", cursor=told["next_cursor"])
            assert told["offset"] == len(body)
            body += told["untrusted"]["body"]
        assert body == ("0123456789abcdef" * 6250)
        assert len(upstream.seen) == calls
        assert client.refused("next_page", cursor="0.0")["error"] == "page_gone"


def test_an_endless_answer_is_cut(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        told = client.use("api_call", url=upstream.url("/big?bytes=60000000"), injections={"bearer": "KEY"})
        assert "ask the API for less" in told["incomplete"]
        assert 3_900_000 < told["body_bytes"] <= 4 << 20


def test_a_stream_is_told_as_far_as_it_has_come_in_time(desk: Commands, upstream: TlsUpstream, monkeypatch: pytest.MonkeyPatch):
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(desk.folder)
    answers: list[Any] = []
    server = Server(Daemon(str(desk.home), stream_seconds=0.6), answers.append)
    server.receive(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}')
    arguments = {"url": upstream.url("/sse?events=200&gap=0.05"), "injections": {"bearer": "KEY"}}
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "api_call", "arguments": arguments}}
    server.receive(json.dumps(call).encode())
    server.finish()
    told = answers[1]["result"]["structuredContent"]
    assert "still coming in" in told["incomplete"]
    assert "event 1\n" in told["untrusted"]["body"]
    assert "event 199\n" not in told["untrusted"]["body"]


def test_an_answer_that_breaks_off_says_so(desk: Commands, upstream: TlsUpstream):
    async def torn(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"x" * 100_000))
        await writer.drain()
        writer.transport.abort()

    upstream.on("/torn", torn)
    with McpClient(desk) as client:
        told = client.use("api_call", url=upstream.url("/torn"), injections={"bearer": "KEY"})
        assert told["incomplete"].startswith("the answer broke off: localhost")
        assert told["untrusted"]["body"].startswith("xxx")
        assert client.refused("api_call", url=upstream.url("/reset/after"), injections={"bearer": "KEY"})["error"] == "upstream_unreachable"
        assert client.refused("api_call", url=upstream.url("/reset/before"))["error"] == "upstream_unreachable"


def test_names_status_log_and_a_request_for_a_secret(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk, "--agent-id", "billing-bot") as client:
        listed = client.use("list_secrets", contains="second")
        assert [secret["key"] for secret in listed["secrets"]] == ["SECOND_KEY"]
        assert (listed["project"], listed["environment"]) == ("shop", "development")
        client.use("api_call", url=upstream.url("/echo"), injections={"bearer": "KEY"})
        assert client.use("status")["locked"] is False
        line = client.use("proxy_logs", last=1)["calls"][0]
        assert (line["agent_id"], line["secret_keys"], line["status"]) == ("billing-bot", ["KEY"], "OK")
        assert client.use("request_secret", key="KEY", reason="to pay")["state"] == "set"
        missing = client.use("request_secret", key="STRIPE_KEY", reason="to pay")
        assert missing["state"] == "not set"
        assert missing["for_the_person"]["commands"] == ["agentsecrets secrets request", "agentsecrets secrets set STRIPE_KEY"]
        asked = [(line["key"], line["agent"], line["reason"]) for line in desk.ask("secrets", "request")]
        assert ("STRIPE_KEY", "billing-bot", "to pay") in asked
        assert client.end() == (0, b"")


def test_an_agent_may_wait_until_a_person_has_set_the_key(desk: Commands):
    with McpClient(desk) as client:
        asked = {"name": "request_secret", "arguments": {"key": "WAITED_KEY", "reason": "to go on", "wait_seconds": 25}}
        waiting = client.request("tools/call", asked)
        wait_until(lambda: any(line["key"] == "WAITED_KEY" for line in desk.ask("secrets", "request")))
        desk.run("secrets", "set", "WAITED_KEY", said=VALUE)
        answer = client.next()
        assert answer["id"] == waiting
        assert answer["result"]["structuredContent"]["state"] == "set"
        assert VALUE.encode() not in client.said


def test_the_client_names_itself_where_nobody_else_did(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk, version="") as client:
        client.use("api_call", url=upstream.url("/echo"))
        assert client.use("proxy_logs", last=1)["calls"][0]["agent_id"] == "parts"


def test_workspace_project_and_environment_by_flag(desk: Commands):
    with McpClient(desk, "--project", "shop", "--environment", "staging") as client:
        assert client.use("list_secrets")["environment"] == "staging"
        commands = client.use("request_secret", key="KEY", reason="x")["for_the_person"]["commands"]
        assert commands[1] == "agentsecrets secrets set KEY --project shop --environment staging"
    with McpClient(desk, "--workspace", "personal", "--agent-id", "a") as client:
        assert client.use("list_secrets")["project"] == "shop"
    with McpClient(desk, "--workspace", "nowhere") as client:
        assert client.refused("list_secrets")["error"] == "workspace_not_found"
    with McpClient(desk, "--project", "nowhere") as client:
        assert client.refused("list_secrets")["error"] == "project_not_found"


def test_refusals_name_the_command_that_mends_them(desk: Commands):
    with McpClient(desk) as client:
        told = client.refused("api_call", url="https://api.example.com/", injections={"bearer": "KEY"})
        assert told["error"] == "domain_not_in_allowlist"
        assert told["domain"] == "api.example.com"
        assert "agentsecrets workspace allowlist add api.example.com" in told["hint"]
        assert client.refused("api_call", url="https://localhost/", injections={"bearer": "NO_SUCH"})["error"] == "domain_not_in_allowlist"


def test_a_call_that_is_cancelled_is_not_answered_and_ends_in_the_log(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        before = len(upstream.seen)
        asked = client.request("tools/call", {"name": "api_call", "arguments": {"url": upstream.url("/silent")}})
        wait_until(lambda: len(upstream.seen) > before)
        client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked, "reason": "enough"}})
        wait_until(lambda: client.use("proxy_logs", last=1, status="CANCELLED")["calls"] != [])
        assert client.ask("ping")["result"] == {}
        assert client.end()[0] == 0
        assert not [line for line in client.said.splitlines() if json.loads(line)["id"] == asked]


def test_calls_run_side_by_side_and_too_many_are_told_to_wait(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        before = len(upstream.seen)
        slow = [client.request("tools/call", {"name": "api_call", "arguments": {"url": upstream.url("/silent")}}) for _ in range(16)]
        wait_until(lambda: len(upstream.seen) == before + 16)
        assert client.refused("status")["error"] == "busy"
        client.send({"jsonrpc": "2.0", "id": slow[0], "method": "tools/call", "params": {"name": "status"}})
        assert client.next()["error"]["code"] == -32600
        for asked in slow:
            client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked}})
        wait_until(lambda: _is_free(client))


def test_the_end_of_the_input_ends_the_server_also_while_a_call_is_under_way(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        before, started = len(upstream.seen), time.monotonic()
        client.request("tools/call", {"name": "api_call", "arguments": {"url": upstream.url("/silent")}})
        wait_until(lambda: len(upstream.seen) > before)
        assert client.end()[0] == 0
        assert time.monotonic() - started < 15


def test_what_was_asked_before_the_end_of_the_input_is_answered(desk: Commands, upstream: TlsUpstream):
    with McpClient(desk) as client:
        asked = [client.request("tools/call", {"name": "api_call", "arguments": {"url": upstream.url("/echo")}}) for _ in range(5)]
        client.end()
        answered = [json.loads(line)["id"] for line in client.said.splitlines()]
        assert sorted(answered[1:]) == asked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly(desk: Commands, number: signal.Signals):
    with McpClient(desk) as client:
        client.ask("ping")
        client.process.send_signal(number)
        assert client.process.wait(10) in {-number, 128 + number}
        assert client.end()[1] == b""


def test_nothing_but_messages_comes_out_also_without_standard_error(desk: Commands):
    script = 'printf \'{"jsonrpc":"2.0","id":1,"method":"ping"}\n\' | agentsecrets mcp serve 2>&-'
    path = f"{Path(PROGRAM).parent}:{desk.environment['PATH']}"
    ended = subprocess.run(
        ["/bin/sh", "-c", script], env={**desk.environment, "PATH": path}, cwd=desk.folder, capture_output=True, timeout=30, check=True
    )
    assert json.loads(ended.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_a_locked_vault_is_told_with_the_command_that_opens_it(tmp_path: Path):
    with commands(tmp_path) as made:
        made.run("lock")
        with McpClient(made) as client:
            assert client.use("status")["locked"] is True
            assert "agentsecrets unlock" in client.use("status")["next"]
            assert "agentsecrets unlock" in client.refused("list_secrets")["hint"]
        made.stop()
        with McpClient(made) as client:  # starts a daemon
            assert client.refused("api_call", url="https://api.example.com/", injections={"bearer": "KEY"})["error"] == "locked"


def test_without_an_account_it_starts_and_says_what_is_missing(tmp_path: Path):
    with commands(tmp_path, ready=False) as made, McpClient(made) as client:
        assert client.ask("tools/list")["result"]["tools"]
        assert "agentsecrets init" in client.refused("list_secrets")["hint"]


def test_the_library_serves_as_the_quick_path_does(desk: Commands):
    assert "AI tool" in desk.run("mcp", "serve", "--help")
    told = desk.run("mcp", "serve", "--output", "text", said='{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
    assert json.loads(told) == {"jsonrpc": "2.0", "id": 1, "result": {}}


def _is_free(client: McpClient) -> bool:
    result = client.ask("tools/call", {"name": "status", "arguments": {}})["result"]
    return result["isError"] is False
