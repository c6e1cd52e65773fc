"""Forms by channels by shapes of values by cuts; release by length alone; innocent bytes. ``bench/echoes.py`` is the long version."""

from __future__ import annotations

import pytest

from tests.parts.echoes import benign, cell, pair

BATCHES = 10


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_form_comes_through_any_channel_however_it_is_cut(batch: int) -> None:
    assert not [problem for number in range(batch, 5_000, BATCHES) if (problem := cell(number))]


@pytest.mark.parametrize("batch", range(2))
def test_a_right_guess_is_released_like_a_wrong_one(batch: int) -> None:
    assert not [problem for number in range(batch, 1_000, 2) if (problem := pair(number))]


def test_innocent_bytes_are_not_changed() -> None:
    passed, number = 0, 0
    while passed < 50_000_000:
        problem, size = benign(number)
        assert not problem
        passed, number = passed + size, number + 1
