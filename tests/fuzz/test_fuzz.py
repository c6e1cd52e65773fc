"""Each fuzz target over seeded mutations: small in the ordinary suite, as long as one likes with ``AGENTSECRETS_MUTATIONS``."""

from __future__ import annotations

import os
import random

import pytest

from tests.conftest import Counted
from tests.parts.fuzzed import SEEDS, TARGETS, TOKENS

MUTATIONS = int(os.environ.get("AGENTSECRETS_MUTATIONS", "100000"))
"""Over all targets together; one that needs an event loop gets fewer."""
SEED = int(os.environ.get("AGENTSECRETS_FUZZ_SEED", "1"))
SHARE = {"ingress": 0.04, "chunks": 0.08}
_OTHERS = (1 - sum(SHARE.values())) / (len(TARGETS) - len(SHARE))


def mutated(chance: random.Random, pool: list[bytes]) -> bytes:
    """One input: an earlier one with a few deeds done to it."""
    raw = bytearray(chance.choice(pool))
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        at = chance.randrange(len(raw) + 1)
        deed = chance.randrange(6)
        if deed == 0:
            raw[at:at] = chance.choice(TOKENS)
        elif deed == 1:
            del raw[at : at + chance.choice((1, 1, 2, 5))]
        elif deed == 2 and at < len(raw):
            raw[at] = chance.randrange(256)
        elif deed == 3 and at < len(raw):
            raw[at] ^= 1 << chance.randrange(8)
        elif deed == 4:
            start = chance.randrange(len(raw) + 1)
            raw[at:at] = raw[start : start + chance.randrange(1, 20)]
        else:
            other = chance.choice(pool)
            raw[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(raw[:2048])


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_promise(name: str, counted: Counted):
    chance, target, seeds = random.Random(f"{SEED} {name}"), TARGETS[name], list(SEEDS[name])
    count = int(MUTATIONS * SHARE.get(name, _OTHERS))
    pool = list(seeds)
    for raw in seeds:
        target(raw)
    for number in range(count):
        raw = mutated(chance, pool)
        try:
            target(raw)
        except Exception as failure:
            failure.add_note(f"{name} broke on input {number}: {raw!r}")
            raise
        if number % 50 == 0:
            pool = [*seeds, *pool[-200:], raw]
    counted(f"{name}: {count} mutated inputs, 0 broken promises")
