"""What the log costs: calls a second of the engine with its log on disk, beside the same engine with a log that forgets.

In one process, because the product has no switch for it: a call that is not logged is not made. The upstream is real, the vault is not.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

import uvloop

from agentsecrets.audit.journal import Journal
from agentsecrets.crypto.value import Value
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call
from agentsecrets.model.event import Event
from agentsecrets.model.place import Place, ProjectId, WorkspaceId
from agentsecrets.model.secret import KeyName
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.ports import AuditSink, Standing
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import read_asked, read_target
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.eager import EagerWorker
from agentsecrets.storage.worker import ThreadWorker
from bench.goals import Goal, report
from bench.home import KEY
from bench.machine import described
from bench.stage import Stage

AT_ONCE = 64


class Forgetful:
    """``ports.AuditSink`` that writes nothing."""

    def record(self, event: Event) -> asyncio.Future[None]:
        """Forgets an event."""
        del event
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def note(self, event: Event) -> None:
        """Forgets an event."""
        del event


class OneKey:
    """``ports.Authority`` and ``ports.Opener`` of a vault with one bound key and one allowed host."""

    def __init__(self, host: AllowedHost, value: bytes) -> None:
        self._standing = Standing(Allowlist((host,), "0" * 64), "owner")
        self._binding = Binding(KeyName(KEY), (f"{host.host}:{host.port}",), "bearer")
        self._value = Value(value)

    def standing(self, workspace_id: WorkspaceId) -> Standing:
        """The one standing."""
        del workspace_id
        return self._standing

    def bound(self, place: Place, key: KeyName) -> Binding | None:
        """The one binding."""
        del place, key
        return self._binding

    async def binding(self, place: Place, key: KeyName) -> Binding | None:
        """The one binding."""
        del place, key
        return self._binding

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Never asked for: the key is bound."""
        del place
        return binding

    def held(self, place: Place, key: KeyName) -> Value | None:
        """The one value."""
        del place, key
        return self._value

    async def open(self, place: Place, key: KeyName) -> Value:
        """The one value."""
        del place, key
        return self._value


async def _rate(engine: Engine, origin: str, seconds: float) -> float:
    place = Place(WorkspaceId("0" * 32), ProjectId("0" * 32), "development")
    template = read_asked("GET", ((b"X-AS-Inject-Bearer", KEY.encode()),)).template(place, "active")
    until, count = time.perf_counter() + seconds, 0

    async def caller(number: int) -> None:
        nonlocal count
        while time.perf_counter() < until:
            reply = await engine.run(Call(template, read_target(f"{origin}/item/{number}".encode())), None, None)
            reply.sent()
            count += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(AT_ONCE)))
    return count / (time.perf_counter() - started)


async def _measure(stage: Stage, rounds: int, seconds: float) -> list[tuple[float, float]]:
    store, clock = AuditDb(Path(stage.folder) / "audit.db"), SystemClock()
    writer, worker = EagerWorker("append"), ThreadWorker("log")
    journal = Journal(store, writer, worker, clock)
    await journal.start()
    upstream = HttpUpstream(Resolver(set()), Limits())
    host = AllowedHost("127.0.0.1", stage.upstream.port, private=("127.0.0.0/8",), ca=stage.ca.read_text(encoding="ascii"))
    vault = OneKey(host, stage.value.encode())
    sinks: tuple[AuditSink, AuditSink] = (journal, Forgetful())
    engines = [Engine(vault, vault, upstream, sink, clock) for sink in sinks]
    pairs = [tuple([await _rate(engine, stage.origin, seconds) for engine in engines]) for _ in range(rounds + 1)]
    await journal.settle()
    upstream.close()
    writer.close()
    worker.close()
    store.close()
    return [(on, off) for on, off in pairs[1:]]


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="alternated samples")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a sample")
    options = parser.parse_args()
    print(described())
    with Stage() as stage:
        pairs = uvloop.run(_measure(stage, options.rounds, options.seconds))
    on, off = (statistics.median(pair[part] for pair in pairs) for part in (0, 1))
    print(f"\n{AT_ONCE} calls at once: {on:,.0f} calls/s with the log, {off:,.0f} without, medians of {options.rounds} alternated samples")
    report([Goal("calls/s, log on vs off", statistics.median(on / off for on, off in pairs), 0.75, 0.9, more_is_better=True)])


if __name__ == "__main__":
    main()
