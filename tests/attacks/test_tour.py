"""After a tour of every command, no value, password, token or recovery key stands where it should not, in any form.

The doors are left out: what ``secrets get``, ``proxy token`` and a new recovery key show to whoever asked for them, the environment of the
command that ``env`` starts, and what a person has typed on a command line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.canaries import Canaries, ProcessWatch
from tests.parts.command_tree import LEAVES, asking, leaf
from tests.parts.tls import TlsUpstream
from tests.parts.tour import Stop, Tour

pytestmark = pytest.mark.timeout(900)  # the tour is one long fixture

LINES = {("proxy", "logs")}
"""What prints a line of JSON for each event."""
MAY_END_OTHERWISE = {("doctor",), *(("service", deed) for deed in ("install", "adopt", "release", "status", "uninstall"))}
"""What speaks of the machine of the test."""
LEFT_OUT = {("service", "run"): "becomes another user and stays; tests/journeys/test_service.py"}


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    with TlsUpstream() as upstream:
        made = Tour(tmp_path_factory.mktemp("tour"), upstream)
        made.run()
        yield made


def test_every_command_was_visited(tour: Tour) -> None:
    went_well = {leaf(stop.words) for stop in tour.stops if stop.code == 0}
    assert LEAVES.keys() - went_well <= MAY_END_OTHERWISE | LEFT_OUT.keys(), "a new command needs a stop in tests/parts/tour.py"
    assert {leaf(stop.words) for stop in tour.stops} >= LEAVES.keys() - LEFT_OUT.keys()


def test_every_command_that_asks_was_visited_at_a_terminal(tour: Tour) -> None:
    answered = {leaf(stop.words) for stop in tour.stops if stop.seen_by == "terminal"}
    assert asking() - {("service", "uninstall"), ("service", "adopt"), ("service", "release")} <= answered


def test_nothing_that_was_printed_holds_a_secret(tour: Tour) -> None:
    leaks = [(stop.words[:3], found) for stop in tour.stops if (found := tour.canaries.found(stop.printed.encode(), but_for=stop.door))]
    assert not leaks


def test_no_file_holds_a_secret(tour: Tour) -> None:
    held = tour.canaries.in_files([tour.root])
    sessions = {path: names for path, names in held.items() if Path(path).name == "session.json"}
    assert all(name.startswith("SESSION_") for names in sessions.values() for name in names)
    assert held.keys() == sessions.keys(), held
    assert tour.canaries.in_files([Path("/dev/shm"), Path("/var/tmp")], tour.began) == {}
    fresh = [path for path in Path("/tmp").iterdir() if not path.name.startswith("pytest-of-") and path.is_dir()]
    assert tour.canaries.in_files(fresh, tour.began) == {}


def test_nothing_was_ever_put_into_the_folder_for_temporary_files(tour: Tour) -> None:
    assert list(tour.temporary.iterdir()) == []
    assert tour.temporary.stat().st_mtime <= tour.began + 1


def test_no_process_showed_a_secret_in_its_command_line_or_environment(tour: Tour) -> None:
    shown = {hit for hit in tour.watch.hits if not _is_of_its_caller(*hit)}
    assert not shown


def _is_of_its_caller(name: str, kind: str, program: str) -> bool:
    if kind == "environ":
        of_the_call = name == "AGENT" and "/agentsecrets call " in program
        handed_over = program == "" or program.startswith(("sh -c printf", "base64", "cat"))  # without a name just before it is gone
        return of_the_call or (name == "PIPED" and handed_over)
    return name == "TYPED" and "/agentsecrets" in program


def test_the_watch_saw_each_of_our_programs(tour: Tour) -> None:
    for program in (
        "agentsecrets.daemon --home",
        "agentsecrets.daemon.presence",
        "agentsecrets.daemon.handover",
        "mcp serve",
        "sh -c printf",
    ):
        assert any(program in seen for seen in tour.watch.programs), program
    assert tour.watch.saw("PIPED", "environ"), "a secret in an environment would not be seen"
    assert tour.watch.saw("TYPED", "cmdline"), "a secret in a command line would not be seen"


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    canaries = Canaries()
    secret = canaries.new("IT")
    watch = ProcessWatch(canaries)
    assert not watch.hits
    for number, form in enumerate((secret, secret[::-1], secret.encode().hex())):
        (tmp_path / str(number)).write_text(f"before {form} after")
    assert len(canaries.in_files([tmp_path])) == 3
    assert canaries.found(b"nothing") == []


def test_each_answer_for_programs_is_one_document(tour: Tour) -> None:
    odd = [stop.words for stop in tour.stops if stop.words[-2:] == ("--output", "json") and not _is_document(stop)]
    assert not odd


def _is_document(stop: Stop) -> bool:
    lines = [line for line in stop.printed.splitlines() if line.startswith(("{", "["))]
    if leaf(stop.words) in LINES and stop.code == 0:
        return all(json.loads(line) is not None for line in lines)
    if len(lines) != 1:
        return False
    document = json.loads(lines[0])
    return stop.code == 0 or leaf(stop.words) == ("call",) or bool(document["error"] and document["message"] and document["hint"])


def test_each_failure_says_what_to_do(tour: Tour) -> None:
    failed = [stop for stop in tour.stops if stop.code in (2, 3, 4, 5, 6) and leaf(stop.words) != ("call",)]
    silent = [
        (stop.words, stop.printed) for stop in failed if not any(sign in stop.printed for sign in ("hint", "→"))
    ]  # ``doctor`` has arrows
    assert not silent
    assert len(failed) > len(LEAVES)
