"""What the whole suite says at its end."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many conformance tests really ran, and how many did not."""
    counts = {
        outcome: sum(1 for report in terminalreporter.stats.get(outcome, ()) if report.nodeid.startswith("tests/conformance/"))
        for outcome in ("passed", "failed", "skipped")
    }
    if any(counts.values()):
        terminalreporter.write_line("tests/conformance: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
