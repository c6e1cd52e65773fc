"""Commands that several people and scripts of one user run at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.setter import SHARED

PROCESSES, SETS = 8, int(os.environ.get("AGENTSECRETS_SETS", "40"))
REPOSITORY = Path(__file__).resolve().parents[2]


def _at_once(ours: Commands, every: Sequence[Sequence[str]], said: str = "") -> list[subprocess.CompletedProcess[str]]:
    """Runs commands at the same moment, each to its end."""
    with ThreadPoolExecutor(len(every)) as pool:
        return list(pool.map(lambda words: ours.end(*words, said=said), every))


def _codes(ended: Sequence[subprocess.CompletedProcess[str]]) -> list[int]:
    return sorted(one.returncode for one in ended)


@pytest.mark.slow
def test_of_eight_programs_that_set_forty_secrets_each_at_once_nothing_is_lost(person: Commands, counted: Callable[[str], None]) -> None:
    command = [sys.executable, "-m", "tests.parts.setter", str(person.home)]
    programs = [
        subprocess.Popen([*command, f"OWN{number}", str(SETS)], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    told = [json.loads(program.communicate("go\n", timeout=60 + SETS)[0]) for program in programs]
    assert [len(one) for one in told] == [SETS] * PROCESSES
    versions: defaultdict[str, list[int]] = defaultdict(list)
    for key, version in (set_once for one in told for set_once in one):
        versions[key].append(version)
    listed = {line["key"]: line["version"] for line in person.ask("secrets", "list")}
    assert {key: sorted(numbers) for key, numbers in versions.items()} == {key: list(range(1, last + 1)) for key, last in listed.items()}
    assert sum(listed.values()) == PROCESSES * SETS
    assert Counter(version == 1 for version in listed.values()) == {True: PROCESSES * SETS // 2, False: SHARED}
    counted(f"{PROCESSES} programs set {SETS} secrets each at once: {len(listed)} secrets with every version of each are there")


def test_secrets_that_are_set_by_commands_at_once_are_all_there(person: Commands) -> None:
    ended = _at_once(person, [("secrets", "set", f"KEY_{number % 2}=-") for number in range(6)], VALUE)
    assert _codes(ended) == [0] * 6
    assert [(line["key"], line["version"]) for line in person.ask("secrets", "list")] == [("KEY_0", 3), ("KEY_1", 3)]


def test_hosts_that_are_allowed_at_once_are_all_on_the_list(person: Commands) -> None:
    hosts = [f"api{number}.example.com" for number in range(4)]
    ended = _at_once(person, [("workspace", "allowlist", "add", host, "--password-stdin") for host in hosts], PASSWORD)
    assert _codes(ended) == [0] * 4, [one.stderr for one in ended]
    assert sorted(line["domain"] for line in person.ask("workspace", "allowlist", "list")) == hosts


def test_a_host_that_is_allowed_twice_at_once_is_listed_once(person: Commands) -> None:
    ended = _at_once(person, [("workspace", "allowlist", "add", "api.example.com", "--password-stdin")] * 3, PASSWORD)
    assert _codes(ended) == [0, 6, 6]
    assert all("is on the allowlist already" in one.stderr for one in ended if one.returncode)
    assert len(person.ask("workspace", "allowlist", "list")) == 1


def test_projects_that_are_created_at_once_all_exist(person: Commands) -> None:
    ended = _at_once(person, [("project", "create", f"till {number}", "--no-folder") for number in range(4)])
    assert _codes(ended) == [0] * 4, [one.stderr for one in ended]
    assert len(person.ask("project", "list")) == 5


def test_a_project_that_is_created_twice_at_once_exists_once(person: Commands) -> None:
    ended = _at_once(person, [("project", "create", "till", "--no-folder")] * 3)
    assert _codes(ended) == [0, 6, 6]
    assert all("there is already a project till" in one.stderr for one in ended if one.returncode)
    assert sorted(line["name"] for line in person.ask("project", "list")) == ["shop", "till"]


def test_of_accounts_that_are_made_at_once_one_is_made(tmp_path: Path) -> None:
    with commands(tmp_path, ready=False) as fresh:
        asked = [("init", "--email", f"person{number}@example.com", "--password-stdin") for number in range(3)]
        ended = _at_once(fresh, asked, PASSWORD)
        assert _codes(ended) == [0, 6, 6], [one.stderr for one in ended]
        (email,) = [words[2] for words, one in zip(asked, ended, strict=True) if one.returncode == 0]
        status = fresh.ask("status")
        assert (status["email"], status["locked"]) == (email, False)
        fresh.run("project", "create", "shop")


def test_people_who_unlock_at_once_all_find_the_vault_open(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("lock")
    ended = _at_once(person, [("unlock", "--password-stdin")] * 4, PASSWORD)
    assert _codes(ended) == [0] * 4, [one.stderr for one in ended]
    assert person.ask("status")["locked"] is False
    assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]


def test_commands_that_all_find_no_daemon_start_one(person: Commands) -> None:
    person.run("proxy", "stop")
    ended = _at_once(person, [("proxy", "token")] * 6)
    assert _codes(ended) == [0] * 6, [one.stderr for one in ended]
    assert len({one.stdout for one in ended}) == 1


def test_stopping_and_starting_at_once_ends_with_a_daemon_that_answers(person: Commands) -> None:
    ended = _at_once(
        person, [("proxy", "stop"), ("proxy", "start"), ("proxy", "start"), ("lock",), ("unlock", "--password-stdin")], PASSWORD
    )
    assert {one.returncode for one in ended} <= {0, 5, 7}, [one.stderr for one in ended]
    assert person.ask("proxy", "start")["pid"] > 0
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.ask("status")["locked"] is False
