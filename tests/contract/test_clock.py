"""What every ``ports.Clock`` does: the system's, and the one that is moved by hand."""

from __future__ import annotations

import time

import pytest

from agentsecrets.daemon.clock import SystemClock
from agentsecrets.ports import Clock
from tests.parts.stand_ins import HandClock


@pytest.mark.parametrize("clock", [SystemClock(), HandClock()], ids=["system", "by hand"])
def test_time_is_whole_milliseconds_since_1970_and_seconds_never_go_back(clock: Clock):
    wall, seconds = [clock.now_ms() for _ in range(100)], [clock.monotonic() for _ in range(100)]
    assert all(isinstance(moment, int) for moment in wall)
    assert 1_700_000_000_000 < wall[0] < 10_000_000_000_000
    assert seconds == sorted(seconds)


def test_the_system_s_clock_is_the_machine_s():
    assert abs(SystemClock().now_ms() - time.time() * 1000) < 5_000
    assert abs(SystemClock().monotonic() - time.monotonic()) < 5


def test_a_clock_that_is_moved_by_hand_moves_on_both_sides_and_only_then():
    clock = HandClock()
    before = (clock.now_ms(), clock.monotonic())
    assert (clock.now_ms(), clock.monotonic()) == before
    clock.go_on(1.5)
    assert (clock.now_ms(), clock.monotonic()) == (before[0] + 1500, before[1] + 1.5)
