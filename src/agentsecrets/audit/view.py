"""The log as people and scripts read it: one line a call, under the published names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agentsecrets.audit.chain import decode
from agentsecrets.errors import FormatUnknown, LogBroken
from agentsecrets.model.event import Event
from agentsecrets.model.target import DEFAULT_PORTS
from agentsecrets.ports import AuditStore, LogRow

_BATCH = 64
_FURTHEST = 100_000
_STATUS = {"ok": "OK", "blocked": "BLOCKED", "failed": "FAILED", "cancelled": "CANCELLED", "unknown": "UNKNOWN"}

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are asked for; an empty condition applies to every one.

    Attributes:
        secret: A key name that the call used.
        agent: Name of the agent.
        status: As a line shows it, such as ``BLOCKED``.
        environment: Environment of the call.
        reasons: Slugs, one of which the refusal must have.
        workspace_id: Workspace of the call.
    """

    secret: str = ""
    agent: str = ""
    status: str = ""
    environment: str = ""
    reasons: frozenset[str] = frozenset()
    workspace_id: str = ""

    def admits(self, line: Line) -> bool:
        """Whether all conditions apply to a line."""
        return (
            (not self.secret or self.secret in line["secret_keys"])
            and self.agent in ("", line["agent_id"])
            and self.status in ("", line["status"])
            and self.environment in ("", line["environment"])
            and self.workspace_id in ("", line["workspace_id"])
            and (not self.reasons or line["reason"] in self.reasons)
        )


EVERY = Wanted()


def newest(store: AuditStore, count: int, wanted: Wanted = EVERY) -> list[Line]:
    """The newest calls, oldest of them first. Blocking: run it in a worker.

    Args:
        store: The log.
        count: How many at most; without conditions the cost does not grow with the log.
        wanted: Conditions; they are looked for in the newest 100,000 rows.
    """
    lines = (line for line in map(_read, _ends(islice(_backwards(store), _FURTHEST))) if wanted.admits(line))
    return [*islice(lines, count)][::-1]


def following(store: AuditStore, after: int, count: int, wanted: Wanted = EVERY) -> tuple[list[Line], int]:
    """Lines of calls that ended after an index, and the index to go on from."""
    rows = store.rows(after, count)
    lines = [_read(row) for row in rows if row.phase == "outcome"]
    return [line for line in lines if wanted.admits(line)], rows[-1].index + 1 if rows else after


def as_line(event: Event) -> Line:
    """One event under the names that scripts know."""
    authority = event.domain if event.port == DEFAULT_PORTS.get(event.scheme, 0) else f"{event.domain}:{event.port}"
    return {
        "id": event.id,
        "timestamp": stamp(event.time_ms),
        "action": event.action,
        "secret_keys": list(event.secret_keys),
        "method": event.method,
        "target_url": f"{event.scheme}://{authority}{event.path}" if event.domain else "",
        "domain": event.domain,
        "auth_styles": list(event.auth_styles),
        "status_code": event.status_code,
        "duration_ms": round(event.duration_ms, 3),
        "proxy_ms": round(event.proxy_ms, 3),
        "status": _STATUS.get(event.outcome, "UNKNOWN"),
        "reason": event.reason,
        "redacted": event.redactions > 0,
        "redactions": event.redactions,
        "agent_id": event.agent_id,
        "identity_level": event.identity_level,
        "token_id": event.token_id,
        "environment": event.environment,
        "workspace_id": event.workspace_id,
        "project_id": event.project_id,
        "caller_role": event.caller_role,
        "resolution_path": event.resolution_path,
        "allowlist_hash": event.allowlist_hash,
        "program": event.path if event.action == "handover" else "",
    }


def stamp(time_ms: int) -> str:
    """A moment in UTC, as RFC 3339 writes it, with milliseconds."""
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _backwards(store: AuditStore) -> Iterator[LogRow]:
    stop = 2**62
    while rows := store.before(stop, _BATCH):
        yield from rows
        stop = rows[-1].index


def _ends(backwards: Iterator[LogRow]) -> Iterator[LogRow]:
    """The last row of each call: its outcome, or its intent where no outcome was written. Who reads backwards meets the outcome first."""
    ended: set[str] = set()
    for row in backwards:
        if row.phase == "outcome":
            ended.add(row.id)
            yield row
        elif row.id in ended:
            ended.discard(row.id)
        else:
            yield row


def _read(row: LogRow) -> Line:
    try:
        return as_line(decode(row.payload))
    except FormatUnknown:
        raise LogBroken(index=row.index) from None
