"""What the whole suite says at its end."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how busy a machine is proves nothing
settings.load_profile("house")

# A run in the background of a shell inherits that these are ignored; the programs that tests start and interrupt must not.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

Counted = Callable[[str], None]
"""Says a figure at the end of the run."""


@pytest.fixture
def counted(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Counted:
    """For tests over many cases: how many there were, and what became of them."""
    return lambda figure: record_property("counted", f"{request.node.path.stem}: {figure}")


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
