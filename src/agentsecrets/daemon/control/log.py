"""Verbs about the log."""

from __future__ import annotations

from typing import Any

from agentsecrets.audit.verify import verify_log
from agentsecrets.audit.view import Wanted, following, newest
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.wire.messages import LogQuery, Nothing

_MOST = 10_000


async def _lines(context: Context, asked: LogQuery) -> dict[str, Any]:
    daemon, wanted = context.daemon, Wanted(asked.secret, asked.agent, asked.status.upper(), asked.environment)
    await daemon.journal.written()
    if asked.after >= 0:
        lines, after = await daemon.log_worker.run(lambda: following(daemon.log, asked.after, _MOST, wanted))
        return {"lines": lines, "after": after}
    after = daemon.journal.length
    lines = await daemon.log_worker.run(lambda: newest(daemon.log, min(max(asked.last, 0), _MOST), wanted))
    return {"lines": lines, "after": after}


async def _verify(context: Context, _: Nothing) -> dict[str, Any]:
    daemon = context.daemon
    await daemon.checkpoint(now=True)
    verdict = await daemon.log_worker.run(lambda: verify_log(daemon.log, daemon.account.verified_identity()))
    return {"rows": verdict.rows, "anchored": verdict.anchored, "first_bad": verdict.first_bad}


ROUTES = (Route("/v1/log", LogQuery, _lines, is_use=False), Route("/v1/log/verify", Nothing, _verify, is_use=False))
