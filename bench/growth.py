"""What more secrets and a longer log cost: a call, and the commands that are typed most, in a small home and in a grown one."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from agentsecrets.audit.chain import START, encode, link
from agentsecrets.model.event import Event, Phase, new_event_id
from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb
from bench.engines import proxied
from bench.goals import Goal, report
from bench.home import KEY, Home
from bench.load import Sample, sample
from bench.machine import described
from bench.stage import Stage

_BATCH = 2_000
_IMPORTED = 10_000


def add_secrets(home: Home, count: int) -> None:
    """Stores secrets, as many at once as one import takes."""
    for start in range(0, count, _IMPORTED):
        home.run("secrets", "import", "-", typed="".join(f"FILLER_{number}={'x' * 40}\n" for number in range(start, count)[:_IMPORTED]))


def add_events(path: Path, count: int) -> None:
    """Adds calls to a log that no daemon has open, two rows each, as a daemon chains them."""
    log = AuditDb(path)
    last = log.last()
    index, digest = (last.index, last.hash) if last else (-1, START)
    now_ms = time.time_ns() // 1_000_000
    made = 0
    while made < count:
        rows: list[LogRow] = []
        for number in range(made, min(count, made + _BATCH), 2):
            event_id = new_event_id(now_ms + number)
            for phase in ("intent", "outcome"):
                payload = encode(_event(event_id, phase, now_ms + number))
                index, digest = index + 1, link(digest, payload)
                rows.append(LogRow(index, event_id, phase, payload, digest))
        log.append(rows)
        made += len(rows)
    log.close()


def _event(event_id: str, phase: str, time_ms: int) -> Event:
    kind: Phase = "intent" if phase == "intent" else "outcome"
    ended = kind == "outcome"
    return Event(
        id=event_id, phase=kind, time_ms=time_ms, workspace_id="0" * 32, project_id="0" * 32, environment="development",
        secret_keys=("BENCH_KEY",), auth_styles=("bearer",), method="GET", scheme="https", domain="api.example.com", port=443,
        path="/v1/items", status_code=200 if ended else 0, duration_ms=12.5, proxy_ms=0.5, outcome="ok" if ended else "",
        allowlist_hash="0" * 64, caller_role="owner", resolution_path="active",
    )  # fmt: skip


def _grown(stage: Stage, name: str, secrets: int, events: int) -> Home:
    home = stage.home(name)
    started = time.monotonic()
    add_secrets(home, secrets - 1)
    home.close()
    add_events(Path(home.environment["AGENTSECRETS_HOME"]) / "audit.db", events)
    filled = time.monotonic()
    home.unlock()
    print(
        f"{name}: {secrets:,} secrets, {events:,} events; filled in {filled - started:.0f} s, started in {time.monotonic() - filled:.1f} s"
    )
    return home


def _seconds(home: Home, words: tuple[str, ...]) -> float:
    started = time.perf_counter()
    command = [*home.command, *words]
    subprocess.run(command, cwd=home.folder, env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="alternated samples of each home")
    parser.add_argument("--secrets", type=int, default=10_000, help="secrets of the grown home")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of the grown home")
    options = parser.parse_args()
    print(described())
    with Stage() as stage:
        commands = {
            "agentsecrets status": ("status",),
            "agentsecrets call": ("call", "--url", f"{stage.origin}/item", "--bearer", KEY),
            "agentsecrets secrets list": ("secrets", "list"),
            "agentsecrets proxy logs --last 10": ("proxy", "logs", "--last", "10"),
        }
        homes = {"small": _grown(stage, "small", 10, 1_000), "grown": _grown(stage, "grown", options.secrets, options.events)}
        ways = {name: proxied(stage.folder, name, home, stage.origin) for name, home in homes.items()}
        calls: dict[str, list[Sample]] = {name: [] for name in homes}
        taken: dict[str, dict[str, list[float]]] = {command: {name: [] for name in homes} for command in commands}
        for turn in range(options.rounds + 1):
            for name in homes:
                calls[name] += [sample(ways[name], stage.upstream.pid, 1, 1)][not turn :]
            for command, words in commands.items():
                for name, home in homes.items():
                    taken[command][name] += [_seconds(home, words)][not turn :]  # the first one warms up
    print(f"\nmedians of {options.rounds} alternated samples: small home, grown home")
    small, grown = ([one.p50 for one in calls[name]] for name in homes)
    print(f"{'call through the proxy, p50':38}{statistics.median(small):8,.0f} us {statistics.median(grown):8,.0f} us")
    for command, of in taken.items():
        print(f"{command:38}{statistics.median(of['small']) * 1000:8.1f} ms {statistics.median(of['grown']) * 1000:8.1f} ms")
    goals = [Goal("call p50, grown vs small", _growth(grown, small), 1.2, 1.05)]
    report(goals + [Goal(f"{command}, grown vs small", _growth(of["grown"], of["small"]), 1.2, 1.05) for command, of in taken.items()])


def _growth(grown: list[float], small: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(grown, small, strict=True))


if __name__ == "__main__":
    main()
