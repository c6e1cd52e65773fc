"""One file per AI tool; each exports one CLIENT."""

from agentsecrets.mcp.clients import (
    claude_code,
    claude_desktop,
    codex,
    copilot,
    cursor,
    gemini,
    goose,
    openclaw,
    opencode,
    vscode,
    windsurf,
    zed,
)
from agentsecrets.mcp.clients.client import Client

ALL: tuple[Client, ...] = (
    claude_code.CLIENT,
    claude_desktop.CLIENT,
    cursor.CLIENT,
    codex.CLIENT,
    gemini.CLIENT,
    vscode.CLIENT,
    windsurf.CLIENT,
    zed.CLIENT,
    opencode.CLIENT,
    goose.CLIENT,
    copilot.CLIENT,
    openclaw.CLIENT,
)
