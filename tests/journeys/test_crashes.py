"""``kill -9`` of the daemon at any moment: what was acknowledged is there, what reached an upstream is in the log.

The long version is ``make crashes``.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parts.crashes import crashes

KILLS = 100


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hundred_kills_lose_no_acknowledged_write_and_no_intent(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    seed = random.SystemRandom().randrange(2**32)
    record_property("seed", seed)
    with crashes(tmp_path, seed) as ours:
        ours.kill(KILLS)
        record_property("figures", ours.figures.told)
        assert ours.figures.acknowledged > KILLS
        assert ours.figures.calls > KILLS
        assert ours.figures.unknown > 0
        assert statistics.median(ours.figures.reopened) <= 2.0
