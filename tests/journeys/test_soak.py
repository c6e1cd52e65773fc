"""Thousands of calls through the real daemon against an upstream that says values again: none is heard, and nothing grows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Counted
from tests.parts.commands import commands
from tests.parts.soaking import Soak
from tests.parts.tls import TlsUpstream

CALLS = int(os.environ.get("AGENTSECRETS_SOAK", "20000"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
def test_no_value_is_heard_and_nothing_grows(tmp_path: Path, counted: Counted):
    with TlsUpstream() as upstream, commands(tmp_path) as made:
        soak = Soak(made, upstream, seed=20260401)
        soak.set_up()
        took = soak.run(CALLS, 500)
    assert not soak.leaks
    assert not soak.wrong
    assert soak.done == CALLS
    assert sum(soak.failures.values()) < CALLS // 100
    memory, files = soak.grown
    assert memory < 16 * 1024
    assert files < 16
    counted(f"{CALLS} calls in {took:.0f} s, 0 leaks; in the second half {memory} KiB and {files} files more; not 200: {soak.failures}")
