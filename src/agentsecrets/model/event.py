"""One line of the audit log. No field of it could hold a value."""

from __future__ import annotations

import os
from typing import Literal

import msgspec

_RANDOM_BYTES = 10
_AT_ONCE = 64

Phase = Literal["intent", "outcome"]
Outcome = Literal["", "ok", "blocked", "failed", "cancelled", "unknown"]
Action = Literal["call", "reveal", "handover"]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked and what came of it: names, places, numbers and times.

    What is as by default may be left out when it is written: a row of the log is a fifth shorter. So no default ever changes.

    Attributes:
        id: The log id, 32 hexadecimal digits, the first 12 of them the time; shared by intent and outcome.
        phase: ``intent`` is written before the first upstream byte, ``outcome`` after the last.
        time_ms: Unix time in milliseconds.
        action: The door: a ``call``, a ``reveal`` to a terminal, a ``handover`` to a child.
        path: Path of the target without its query; of a ``handover`` the name of the program, never its arguments.
        status_code: Status of the upstream's answer, 0 when there was none.
        duration_ms: From the request's head to the answer's last byte.
        proxy_ms: The share of it that the proxy itself took before the first upstream byte.
        reason: Slug of the refusal or failure, empty when there was none.
        redactions: How many times a value was taken out of the answer.
        allowlist_hash: Digest of the allowlist that decided.
        resolution_path: How the project was found: ``header``, ``folder``, ``active``, ``token``.
    """

    id: str
    phase: Phase
    time_ms: int
    action: Action = "call"
    workspace_id: str = ""
    project_id: str = ""
    environment: str = ""
    agent_id: str = ""
    identity_level: str = "anonymous"
    token_id: str = ""
    secret_keys: tuple[str, ...] = ()
    auth_styles: tuple[str, ...] = ()
    method: str = ""
    scheme: str = ""
    domain: str = ""
    port: int = 0
    path: str = ""
    status_code: int = 0
    duration_ms: float = 0.0
    proxy_ms: float = 0.0
    outcome: Outcome = ""
    reason: str = ""
    redactions: int = 0
    allowlist_hash: str = ""
    caller_role: str = ""
    resolution_path: str = ""


def new_event_id(now_ms: int) -> str:
    """A log id that sorts by time: 48 bits of milliseconds, then 80 random bits, in hexadecimal."""
    return f"{now_ms:012x}{_random_bits()}"


_drawn: list[str] = []
"""Random bits that were fetched together: one system call for many ids. Forks must not draw the same ones."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)


def _random_bits() -> str:
    if not _drawn:
        bits = os.urandom(_RANDOM_BYTES * _AT_ONCE).hex()
        _drawn.extend(bits[at : at + 2 * _RANDOM_BYTES] for at in range(0, len(bits), 2 * _RANDOM_BYTES))
    return _drawn.pop()
