"""What was found lately is kept, and no more than so much of it."""

from __future__ import annotations

from agentsecrets.model.recent import Recent


def test_the_oldest_entry_goes_and_one_that_is_found_anew_takes_no_other_ones_place():
    found: Recent[str, int] = Recent(2)
    assert [found.keep(name, number) for number, name in enumerate(["a", "b", "b", "c"])] == [0, 1, 2, 3]
    assert found == {"b": 2, "c": 3}
