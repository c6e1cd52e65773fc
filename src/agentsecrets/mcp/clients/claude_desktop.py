"""Claude Desktop."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, usual_entry

CLIENT = Client(
    name="claude-desktop",
    title="Claude Desktop",
    settings=lambda here: here.application("Claude", "claude_desktop_config.json"),
    names=("mcpServers",),
    entry=usual_entry,
    source="modelcontextprotocol.io, Connect to local MCP servers",
)
