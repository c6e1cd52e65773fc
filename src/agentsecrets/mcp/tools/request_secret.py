"""``request_secret``: an agent lacks a key, and a person is asked for it. The agent learns no more than whether it is set."""

from __future__ import annotations

from agentsecrets.mcp.tools.tool import KEY_NAME, Arguments, Desk, Structured, Tool, hints, takes

_LONGEST_WAIT_S = 25
"""As long as the daemon lets one question wait, in seconds."""


def _run(desk: Desk, arguments: Arguments) -> Structured:
    wait = {"wait_s": arguments["wait_seconds"]} if "wait_seconds" in arguments else {}
    asked = {"key": arguments["key"], "reason": arguments["reason"], "agent": desk.daemon.agent(desk.task), **wait}
    answer = desk.daemon.ask(desk.task, "/v1/requests/ask", asked)
    key = answer["key"]
    told: Structured = {"key": key, "project": answer["project"], "environment": answer["environment"]}
    if answer["set"]:
        return told | {"state": "set", "next": f'use it by its name, e.g. api_call with injections {{"bearer": "{key}"}}'}
    commands = ["agentsecrets secrets request", f"agentsecrets secrets set {key}{_flags(desk)}"]
    return told | {
        "state": "not set",
        "for_the_person": {"commands": commands, "reason": arguments["reason"]},
        "next": "the person has been asked; tell them that one of these commands takes the value, and why it is needed. The value is typed "
        "there and never into this chat. Call request_secret again afterwards to learn whether it is set.",
    }


def _flags(desk: Desk) -> str:
    from shlex import quote

    return "".join(f" {quote(word)}" for word in desk.daemon.chosen.flags())


TOOL = Tool(
    "request_secret",
    "Ask a person for a secret",
    "For a secret that is missing: notes the request for a person, says whether the name is set, and if not, the commands with which the "
    "person sets it. You never receive the value, and must not ask for it in the chat.",
    schema=takes(
        ["key", "reason"],
        {
            "key": {**KEY_NAME, "description": "The name, e.g. STRIPE_KEY."},
            "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "What it is needed for, for the person to read."},
            "wait_seconds": {
                "type": "integer",
                "minimum": 0,
                "maximum": _LONGEST_WAIT_S,
                "description": "How long to wait for the person; not at all by default.",
            },
        },
    ),
    hints=hints(read_only=False),
    run=_run,
)
