"""``request_secret``: an agent lacks a key, and a person is told how to set it. The agent learns no more than whether it is set."""

from __future__ import annotations

from agentsecrets.mcp.tools.tool import KEY_NAME, Arguments, Desk, Structured, Tool, hints, takes


def _run(desk: Desk, arguments: Arguments) -> Structured:
    from agentsecrets.model.secret import parse_key_name

    key = parse_key_name(str(arguments["key"]))
    place = desk.daemon.ask(desk.task, "/v1/place")
    secrets = desk.daemon.ask(desk.task, "/v1/secrets")["secrets"]
    assert isinstance(secrets, list)
    told: Structured = {"key": key, "project": place["project"], "environment": place["environment"]}
    if any(line["key"] == key for line in secrets):
        return told | {"state": "set", "next": f'use it by its name, e.g. api_call with injections {{"bearer": "{key}"}}'}
    command = f"agentsecrets secrets set {key}{_flags(desk)}"
    return told | {
        "state": "not set",
        "for_the_person": {"command": command, "reason": arguments["reason"]},
        "next": "show the person this command and the reason, and stop; the value is typed into that command and never into this chat. "
        "Call request_secret again afterwards to learn whether it is set.",
    }


def _flags(desk: Desk) -> str:
    from shlex import quote

    named = (("--project", desk.daemon.project), ("--environment", desk.daemon.environment))
    return "".join(f" {flag} {quote(name)}" for flag, name in named if name)


TOOL = Tool(
    "request_secret",
    "Ask a person for a secret",
    "For a secret that is missing: says whether the name is set, and if not, the command that a person runs to set it. "
    "You never receive the value, and must not ask for it in the chat.",
    schema=takes(
        ["key", "reason"],
        {
            "key": {**KEY_NAME, "description": "The name, e.g. STRIPE_KEY."},
            "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "What it is needed for, for the person to read."},
        },
    ),
    hints=hints(read_only=True),
    run=_run,
)
