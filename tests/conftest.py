"""What tests of many folders share, and what the whole suite says at its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from tests.parts.tls import TlsUpstream

if TYPE_CHECKING:
    from tests.parts.desktop import Desktop

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how busy a machine is proves nothing
settings.load_profile("house")

# The daemon's loop: when a connection ends, asyncio's own keeps and loses other bytes.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

for _ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        # A run under nohup or in the background of a shell goes on ignoring these; the programs that tests start must not inherit that.
        signal.signal(_ignored, lambda *_: None)

Counted = Callable[[str], None]
"""Says a figure at the end of the run."""


@pytest.fixture
def counted(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Counted:
    """For tests over many cases: how many there were, and what became of them."""
    return lambda figure: record_property("counted", f"{request.node.path.stem}: {figure}")


@pytest.fixture(scope="module")
def upstream() -> Iterator[TlsUpstream]:
    """A real TLS server."""
    with TlsUpstream() as started:
        yield started


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A desktop session of somebody who has logged in."""
    from tests.parts.desktop import desktop  # what it needs is there on Linux only

    with desktop(tmp_path_factory.mktemp("desktop")) as started:
        yield started


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints every figure, and how many conformance tests really ran."""
    passed = terminalreporter.stats.get("passed", ())
    for report in passed:
        for name, figure in report.user_properties:
            if name == "counted":
                terminalreporter.write_line(str(figure))
    counts = {
        outcome: sum(1 for report in terminalreporter.stats.get(outcome, ()) if report.nodeid.startswith("tests/conformance/"))
        for outcome in ("passed", "failed", "skipped")
    }
    if any(counts.values()):
        terminalreporter.write_line("tests/conformance: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
