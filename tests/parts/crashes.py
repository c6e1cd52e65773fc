"""``kill -9`` of the daemon, again and again, under twenty hands; after each one, what was promised is looked for."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentsecrets.audit.chain import decode
from agentsecrets.client.control import Control
from agentsecrets.client.launch import Choice, clean_environment, daemon_command
from agentsecrets.client.lifecycle import taken_over
from agentsecrets.crypto.keys import open_person
from agentsecrets.model.event import Event
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.state_db import StateDb
from tests.parts.commands import PASSWORD, Commands, commands
from tests.parts.hands import GONE, Caller, Crowd, Daemon, Keeper, credential_that_arrives, deleted, listed, value_of
from tests.parts.tls import TlsUpstream

KEEPERS, CROWD, CALLERS = 8, 2, 5
"""Hands of each kind; callers twice, over the control socket and over the port."""

_OPEN = """
import sys
from pathlib import Path
from agentsecrets.client.lifecycle import taken_over
from agentsecrets.daemon.waiting import WaitingDaemon

waiting = WaitingDaemon(["--home", sys.argv[1], "--port", "0"])
with taken_over(Path(sys.argv[1])) as lock:
    waiting.open(sys.stdin.buffer.read(), lock)
"""
"""What ``agentsecrets unlock`` comes to once the password has opened the keys."""


@dataclass
class Figures:
    """What was seen.

    Attributes:
        kills: How often the daemon was killed.
        acknowledged: Sets and deletes that it had acknowledged.
        calls: Calls that reached the upstream.
        unknown: Calls that a killed daemon left without an outcome, and the next one wrote as unknown.
        reopened: Seconds from starting each fresh daemon until it answered.
    """

    kills: int = 0
    acknowledged: int = 0
    calls: int = 0
    unknown: int = 0
    reopened: list[float] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The same in words."""
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged sets and deletes, {self.calls} calls that reached the upstream "
            f"({self.unknown} of them with an unknown outcome): 0 lost; reopened in {statistics.median(self.reopened):.2f} s "
            f"(median), {max(self.reopened):.2f} s (longest)"
        )


class Crashes:
    """One home whose daemon is killed again and again.

    Args:
        ours: Commands over a home with an account and a project.
        upstream: Where calls go.
        chance: Every choice of this run.
    """

    def __init__(self, ours: Commands, upstream: TlsUpstream, chance: random.Random) -> None:
        self._ours, self._home, self._upstream, self._chance = ours, ours.home, upstream, chance
        self.figures = Figures()
        self._keepers: list[Keeper] = [Keeper(f"KEEPER_{number}") for number in range(KEEPERS)]
        self._crowds = [Crowd("CROWDED")] * CROWD
        self._setters: list[Keeper | Crowd] = [*self._keepers, *self._crowds]
        self._callers = [Caller(upstream.origin, way) for way in ("socket", "port") for _ in range(CALLERS)]
        self._events: list[Event] = []
        self._seen: dict[str, str] = {}
        self._faults: list[BaseException] = []
        ours.allow(upstream)
        ours.run("secrets", "set", "CALL_KEY=-", said=value_of("CALL_KEY", 1))
        account = StateDb(self._home.joinpath("state.db")).account()
        assert account is not None
        self._keys = open_person(account, PASSWORD.encode()).unattended.pack()

    def kill(self, kills: int) -> None:
        """Kills the daemon so often, at least; every tenth time it is unlocked by the command, and the whole log is verified."""
        turn = 0
        while self.figures.kills < kills:
            turn += 1
            tenth = turn % 10 == 0
            self.round(by_command=tenth, whole_log=tenth)
        self._check(whole_log=True)

    def round(self, *, by_command: bool, whole_log: bool) -> None:
        """Lets the hands work, kills the daemon under them, starts a fresh one, and looks for what was promised.

        Args:
            by_command: Unlock as a person does, instead of by handing the keys to a daemon directly.
            whole_log: Also have the whole log verified.
        """
        daemon = Daemon.met(self._home)
        hands = [threading.Thread(target=self._work, args=(hand, daemon)) for hand in (*self._setters, *self._callers)]
        for hand in hands:
            hand.start()
        time.sleep(self._chance.uniform(0.0, 0.12))  # the moment of the crash is the input of this test, nothing is waited for
        pid = int(Control(self._home).ask("/v1/status")["pid"])
        self._ask_it_to_end()
        self._kill(pid)
        daemon.running.clear()
        for hand in hands:
            hand.join(30)
        if self._faults:
            raise self._faults[0]
        if self._chance.random() < 0.1:
            self._kill_while_it_starts()
        self._start(by_command=by_command)
        self._check(whole_log=whole_log)

    def _work(self, hand: Keeper | Crowd | Caller, daemon: Daemon) -> None:
        chance = random.Random(self._chance.random())
        try:
            while daemon.running.is_set():
                hand.work(daemon, chance)
        except GONE:
            return
        except BaseException as fault:  # noqa: BLE001  (told by the thread that has started this one)
            self._faults.append(fault)

    def _ask_it_to_end(self) -> None:
        """Sometimes, so that it is killed while it stops, or while it gives its place to one without keys."""
        if verb := self._chance.choice(("", "", "", "", "", "", "", "", "/v1/stop", "/v1/lock")):
            Control(self._home).ask(verb)
            time.sleep(self._chance.uniform(0.0, 0.3))

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has stopped by itself
            os.kill(pid, signal.SIGKILL)
            self.figures.kills += 1

    def _kill_while_it_starts(self) -> None:
        with taken_over(self._home):
            pass  # the one before is gone
        starting = subprocess.Popen(daemon_command(self._home, Choice(port=0)), env=clean_environment(), start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            starting.wait(self._chance.uniform(0.0, 0.5))
        self._kill(starting.pid)
        starting.wait(30)

    def _start(self, *, by_command: bool) -> None:
        if by_command:
            self._ours.run("unlock", "--password-stdin", said=PASSWORD)
            return
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", _OPEN, str(self._home)], input=self._keys, check=True, timeout=60)
        Control(self._home).ask("/v1/status")
        self.figures.reopened.append(time.monotonic() - begun)

    def _check(self, *, whole_log: bool) -> None:
        found = listed(self._home)
        for hand in self._setters:
            hand.check(found.get(hand.key))
        assert found["CALL_KEY"] == 1
        self._check_a_value(Daemon.met(self._home))
        self._check_calls()
        if whole_log:
            verdict = Control(self._home).ask("/v1/log/verify")
            assert verdict["first_bad"] is None
            assert verdict["rows"] >= len(self._events)
        self.figures.acknowledged = sum(keeper.acknowledged for keeper in self._keepers) + len(self._crowds[0].versions)

    def _check_a_value(self, daemon: Daemon) -> None:
        keeper = self._chance.choice(self._keepers)
        if keeper.present:
            arrived = credential_that_arrives(daemon, self._upstream.origin, keeper.key, lambda path: self._arrived()[path])
            assert arrived == f"Bearer {value_of(keeper.key, keeper.version)}"
        else:
            assert not deleted(Control(self._home), keeper.key)

    def _arrived(self) -> dict[str, str]:
        """What the upstream saw since it was last asked: path and credential."""
        new = self._upstream.seen[len(self._seen) :]
        self._seen |= {seen.path: seen.header("Authorization") for seen in new}
        return self._seen

    def _check_calls(self) -> None:
        events = self._ended()
        intents = {event.id: (event.path, index) for index, event in enumerate(events) if event.phase == "intent"}
        outcomes = {event.id: (event, index) for index, event in enumerate(events) if event.phase == "outcome"}
        assert len(intents) + len(outcomes) == len(events), "one intent and one outcome each"
        assert intents.keys() <= outcomes.keys(), "a call without an outcome"
        assert all(index < outcomes[event_id][1] for event_id, (_, index) in intents.items())
        intended = {path for path, _ in intents.values()}
        assert self._arrived().keys() <= intended, "a call reached the upstream without an intent"
        done = {event.path for event, _ in outcomes.values() if event.outcome in ("ok", "unknown")}  # killed after the last byte
        assert {path for caller in self._callers for path in caller.answered} <= done, "an answered call is not in the log as done"
        self.figures.calls = len(self._seen)
        self.figures.unknown = sum(event.outcome == "unknown" for event, _ in outcomes.values())

    def _ended(self) -> list[Event]:
        """The whole log, once the call that this test has just made is in it with its outcome."""
        log, deadline = AuditDb(self._home / "audit.db"), time.monotonic() + 10
        while log.dangling() and time.monotonic() < deadline:
            time.sleep(0.005)
        while rows := log.rows(len(self._events), 10_000):
            self._events += [decode(row.payload) for row in rows]
        log.close()
        return self._events


@contextmanager
def crashes(root: Path, seed: int) -> Iterator[Crashes]:
    """A home with an upstream, ready for its first crash.

    Args:
        root: An empty folder.
        seed: Of every choice.
    """
    with TlsUpstream() as upstream, commands(root) as ours:
        yield Crashes(ours, upstream, random.Random(seed))
