"""``list_secrets``: names and where each may go, never a value."""

from __future__ import annotations

from agentsecrets.mcp.tools.tool import Arguments, Desk, Structured, Tool, hints, takes

_MOST = 500


def _run(desk: Desk, arguments: Arguments) -> Structured:
    listed = desk.daemon.ask(desk.task, "/v1/secrets")
    secrets = listed["secrets"]
    assert isinstance(secrets, list)
    wanted, after = str(arguments.get("contains", "")).upper(), str(arguments.get("after", ""))
    found = [line for line in sorted(secrets, key=_key) if wanted in _key(line).upper() and _key(line) > after]
    told: Structured = {
        "project": listed["project"],
        "environment": listed["environment"],
        "secrets": [{"key": line["key"], "bound_to": line["bound"] or "not bound yet"} for line in found[:_MOST]],
        "total": len(found),
    }
    return told | ({"after": found[_MOST - 1]["key"]} if len(found) > _MOST else {})


def _key(line: dict[str, object]) -> str:
    return str(line["key"])


TOOL = Tool(
    "list_secrets",
    "List secret names",
    "Lists the names of the secrets of the project and environment in use, and the hosts and places each is bound to. Never a value. "
    f"At most {_MOST} at once: call again with `after` from the answer to go on.",
    schema=takes(
        [],
        {
            "contains": {"type": "string", "maxLength": 128, "description": "Only names that contain this, in any case."},
            "after": {"type": "string", "maxLength": 128, "description": "Only names behind this one, to go on with a long list."},
        },
    ),
    hints=hints(read_only=True),
    run=_run,
)
