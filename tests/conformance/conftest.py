"""Where the public corpora lie, and the rule that they are not passed over where they should run."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CORPORA = REPOSITORY / os.environ.get("AGENTSECRETS_CORPORA", "../shared/corpora")
MUST_RUN = bool(os.environ.get("CI")) and CORPORA.is_dir()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of public test data; tests that need it are skipped where it is not."""
    if not CORPORA.is_dir():
        pytest.skip("no corpora: set AGENTSECRETS_CORPORA to the folder")
    return CORPORA


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skipped conformance test into a failure, in CI with the corpora at hand."""
    report = yield
    if MUST_RUN and report.skipped and item.path.is_relative_to(Path(__file__).parent) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although the corpora are there ({call.when})"
    return report
