"""``status``: whether anything can be used now, and if not, what a person has to do."""

from __future__ import annotations

from agentsecrets.mcp.tools.tool import Arguments, Desk, Structured, Tool, hints, takes

_TOLD = (
    "version",
    "locked",
    "protection",
    "workspace",
    "project",
    "environment",
    "resolution",
    "allowlist",
    "redactions",
    "identity",
    "port",
)


def _run(desk: Desk, arguments: Arguments) -> Structured:  # noqa: ARG001  (the signature of all tools)
    status = desk.daemon.ask(desk.task, "/v1/status")
    told: Structured = {name: status[name] for name in _TOLD if name in status}
    following = _next(status)
    return told | ({"next": following} if following else {})


def _next(status: Structured) -> str:
    if status.get("locked"):
        return "the vault is locked; a person can run: agentsecrets unlock"
    if status.get("untrusted"):
        return "the folder's project file is not confirmed; a person who has looked at it can run: agentsecrets project use"
    if not status.get("project"):
        return "no project is chosen; a person can run: agentsecrets project use NAME"
    return ""


TOOL = Tool(
    "status",
    "AgentSecrets status",
    "Says whether the vault is open, which project and environment are in use, and what a person has to do if something is missing.",
    schema=takes([], {}),
    hints=hints(read_only=True),
    run=_run,
)
