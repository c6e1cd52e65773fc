"""What more secrets and a longer log cost: a call, and a look at the newest lines, in a small home and in a grown one."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

import msgspec

from agentsecrets.audit.chain import START, encode, link
from agentsecrets.client.control import Control, place_fields
from agentsecrets.crypto.deposits import seal_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.model.event import Event, Phase, new_event_id
from agentsecrets.model.statement import DepositOffer
from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.state_db import StateDb
from agentsecrets.wire.messages import Deposit, Signed, meant
from bench.engines import proxied
from bench.goals import Goal, report
from bench.home import Home
from bench.load import Sample, sample
from bench.machine import described
from bench.stage import Stage

_BATCH = 2_000


def add_secrets(home: Home, count: int) -> None:
    """Stores secrets as the product's own commands do, but without a process for each.

    Raises:
        RuntimeError: When there is no account.
    """
    root, folder = Path(home.environment["AGENTSECRETS_HOME"]), str(home.folder)
    account = StateDb(root / "state.db").account()
    if account is None:
        raise RuntimeError("no account")
    control = Control(root, place_fields(folder))
    offer = msgspec.convert(control.ask("/v1/secrets/offer"), Signed)
    word = verify_by_device(Envelope.decode(offer.envelope), account.verified_identity(), DepositOffer)
    for number in range(count):
        key = f"FILLER_{number}"
        control.ask(
            "/v1/secrets/set",
            Deposit(key=key, sealed=seal_deposit(word.public, meant(key, folder, ("", "", ""), everywhere=False), b"x" * 40)),
        )


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


def _newest(home: Home) -> float:
    started = time.perf_counter()
    words = [*home.command, "proxy", "logs", "--last", "10"]
    subprocess.run(words, cwd=home.folder, env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
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
        homes = {"small": _grown(stage, "small", 10, 1_000), "grown": _grown(stage, "grown", options.secrets, options.events)}
        ways = {name: proxied(stage.folder, name, home, stage.origin) for name, home in homes.items()}
        calls: dict[str, list[Sample]] = {name: [] for name in homes}
        looks: dict[str, list[float]] = {name: [] for name in homes}
        for turn in range(options.rounds + 1):
            for name, home in homes.items():
                taken, looked = sample(ways[name], stage.upstream.pid, 1, 1), _newest(home)
                if turn:  # the first one warms up
                    calls[name].append(taken)
                    looks[name].append(looked)
    print(f"\nmedians of {options.rounds} alternated samples")
    for name in homes:
        p50, look = statistics.median(one.p50 for one in calls[name]), statistics.median(looks[name])
        print(f"{name:8} call p50 {p50:6,.0f} us   proxy logs --last 10 {look * 1000:6.1f} ms")
    report(
        [
            Goal("call p50, grown vs small", _growth([one.p50 for one in calls["grown"]], [one.p50 for one in calls["small"]]), 1.2, 1.05),
            Goal("proxy logs --last 10, grown vs small", _growth(looks["grown"], looks["small"]), 1.2, 1.05),
        ]
    )


def _growth(grown: list[float], small: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(grown, small, strict=True))


if __name__ == "__main__":
    main()
