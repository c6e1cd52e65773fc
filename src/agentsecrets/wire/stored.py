"""What people are told about a value that was stored."""

from __future__ import annotations

from typing import Any


def notes_on(told: dict[str, Any]) -> list[str]:
    """The lines that belong beside the answer to a set.

    Args:
        told: The daemon's answer.
    """
    key, provider = told["key"], told["provider"]
    notes = [f"warning: {warning['message']}" for warning in told["warnings"]]
    if told["pinned"]:
        notes.append(f"its value is {provider}'s, so {key} may go to {told['bound']}, and nowhere else")
    if told["proposed"]:
        notes.append(f"{key} belongs to {provider}, it seems: agentsecrets secrets bind {key} --for {provider}")
    if told["elsewhere"]:
        notes.append(
            f"warning: its value is {provider}'s, but {key} is bound to {told['bound']}: agentsecrets secrets bind {key} --for {provider}"
        )
    elif told["bound"] and not told["pinned"]:  # somebody was first with this name: whoever stores the value is to see where it goes
        notes.append(f"{key} may go to {told['bound']}")
    return notes
