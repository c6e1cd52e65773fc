"""The log, and the clock that its rows were written by."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene
from agentsecrets.errors import LogBroken
from agentsecrets.wire.messages import LogQuery

_MOST_ROWS = 200_000
"""A longer log is examined by a command of its own: a look at everything must not take minutes."""
_SECONDS = 60.0
_SKEW_SECONDS = 120
_RELEASED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
"""No version is older: a clock before it is wrong."""


def _look(scene: Scene) -> Iterator[Finding]:
    if not scene.serves:
        return
    rows = scene.status["log_rows"]
    if rows > _MOST_ROWS:
        yield Finding(OK, f"{rows} rows; so many are examined by: agentsecrets log verify")
        return
    verdict = scene.ask("/v1/log/verify", seconds=_SECONDS)
    if verdict["first_bad"] is None:
        yield Finding(OK, f"{verdict['rows']} rows hold together, {verdict['anchored']} of them under a signed checkpoint")
    else:
        broken = LogBroken(index=verdict["first_bad"])
        yield Finding(FAIL, broken.message, broken.hint)


def _look_at_clock(scene: Scene) -> Iterator[Finding]:
    now = time.time()
    ahead = max((moment - now for moment in _moments(scene)), default=0.0)
    if now < _RELEASED:
        yield Finding(FAIL, "the clock stands before this program was written: certificates and the log need the time", "set the clock")
    elif ahead > _SKEW_SECONDS:
        yield Finding(WARN, f"the clock was set back: what was written last is {int(ahead)} s ahead of it", "set the clock")
    else:
        yield Finding(OK, f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y-%m-%d %H:%M} UTC")


def _moments(scene: Scene) -> Iterator[float]:
    """When things were written, by the clock of then, in seconds."""
    for name in ("state.db", "audit.db"):
        path = scene.errand.home / name
        if path.is_file():
            yield path.stat().st_mtime
    if scene.serves:
        for line in scene.ask("/v1/log", LogQuery(last=1))["lines"]:
            yield dt.datetime.fromisoformat(line["timestamp"]).timestamp()


CHECK = Check("log", _look)
CLOCK = Check("clock", _look_at_clock)
