"""Clients that we did not write use the server and read the settings that we write: the official SDK, Inspector, mcporter."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parts.clients import program, python_sdk, surroundings
from tests.parts.commands import PROGRAM, VALUE, Commands
from tests.parts.mcp import shop
from tests.parts.tls import TlsUpstream

TOOLS = ["list_secrets", "api_call", "next_page", "request_secret", "status", "proxy_logs"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, upstream: TlsUpstream) -> Iterator[Commands]:
    with shop(tmp_path_factory.mktemp("clients"), upstream) as made:
        yield made


def _ran(desk: Commands, *words: str) -> Any:
    """Runs a client to its end; answers the JSON document that it printed."""
    environment = surroundings(desk.folder.parent / "person", desk.environment)
    ended = subprocess.run(words, cwd=desk.folder, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert VALUE not in ended.stdout + ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize(("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
def test_the_official_sdk_lists_and_calls_in_both_eras(desk: Commands, upstream: TlsUpstream, mode: str, version: str):
    python_sdk()
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async def converse() -> None:
        server = StdioServerParameters(command=PROGRAM, args=["mcp", "serve"], env=desk.environment, cwd=desk.folder)
        async with Client(stdio_client(server), mode=mode) as client:
            assert client.protocol_version == version
            listed = await client.list_tools()
            assert [tool.name for tool in listed.tools] == TOOLS
            assert all(tool.annotations is not None for tool in listed.tools)
            names = await client.call_tool("list_secrets", {})
            assert [secret["key"] for secret in names.structured_content["secrets"]] == ["KEY"]
            asked = {"url": upstream.url("/leak/plain"), "injections": {"bearer": "KEY"}}
            answers = await asyncio.gather(*(client.call_tool("api_call", asked) for _ in range(4)))
            for answer in answers:
                assert answer.is_error is False
                assert answer.structured_content["untrusted"]["body"] == "before [REDACTED_BY_AGENTSECRETS] after"
                assert VALUE not in answer.model_dump_json()
            refused = await client.call_tool("api_call", {"url": "https://api.example.com/", "injections": {"bearer": "KEY"}})
            assert refused.is_error is True
            assert json.loads(refused.content[0].text)["error"] == "domain_not_in_allowlist"

    asyncio.run(asyncio.wait_for(converse(), 60))


def test_inspector_finds_nothing_to_object_to(desk: Commands):
    inspector = program("test", "mcp-inspector")
    told = _ran(desk, inspector, "--cli", "--strict", PROGRAM, "mcp", "serve", "--method", "tools/list")
    assert [tool["name"] for tool in told["tools"]] == TOOLS


def test_inspector_uses_a_tool_by_the_settings_that_we_write(desk: Commands, upstream: TlsUpstream):
    inspector = program("test", "mcp-inspector")
    desk.run("mcp", "install", "--client", "cursor", HOME=str(desk.folder.parent / "person"))
    settings = str(desk.folder.parent / "person" / ".cursor" / "mcp.json")
    call = ("--method", "tools/call", "--tool-name", "api_call", "--tool-arg", f"url={upstream.url('/leak/plain')}")
    arguments = ("--tool-arg", 'injections={"bearer":"KEY"}')
    told = _ran(desk, inspector, "--cli", "--config", settings, "--server", "agentsecrets", *call, *arguments)
    assert told["structuredContent"]["untrusted"]["body"] == "before [REDACTED_BY_AGENTSECRETS] after"


def test_mcporter_lists_and_calls(desk: Commands, upstream: TlsUpstream):
    mcporter = program("test", "mcporter")
    told = _ran(desk, mcporter, "list", "--stdio", f"{PROGRAM} mcp serve", "--json")
    assert told["status"] == "ok"
    assert [tool["name"] for tool in told["tools"]] == TOOLS
    arguments = json.dumps({"url": upstream.url("/leak/plain"), "injections": {"bearer": "KEY"}})
    called = _ran(desk, mcporter, "call", "--stdio", f"{PROGRAM} mcp serve", "api_call", "--args", arguments, "--output", "json")
    assert "[REDACTED_BY_AGENTSECRETS]" in json.dumps(called)


@pytest.mark.parametrize("client", ["cursor", "claude-code", "codex", "windsurf", "opencode", "vscode"])
def test_mcporter_reads_what_we_write_for(client: str, desk: Commands, tmp_path: Path):
    mcporter = program("test", "mcporter")
    desk.run("mcp", "install", "--client", client, "--project", "shop", HOME=str(tmp_path))
    environment = surroundings(tmp_path, desk.environment)
    words = [mcporter, "config", "import", client, "--json"]
    ended = subprocess.run(words, cwd=desk.folder, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    entry = next(found["entry"] for found in json.loads(ended.stdout)["entries"] if found["name"] == "agentsecrets")
    command = entry["command"]
    started = command if isinstance(command, list) else [command, *entry["args"]]
    assert started == [PROGRAM, "mcp", "serve", "--project", "shop"]
