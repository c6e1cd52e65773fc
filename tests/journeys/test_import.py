"""``secrets import``, ``push``, ``pull``, ``diff``: a file of secrets goes into the vault whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Counted
from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands

KILLS = 5
PEM = "-----BEGIN KEY-----\nMIIB\nQUJD\n-----END KEY-----"
ENV = f"# shop\nexport STRIPE_KEY={VALUE}\nPEM=\"{PEM}\"\nQUOTED='a # b ${{C}}'  # words\n"
VALUES = {"STRIPE_KEY": VALUE, "PEM": PEM, "QUOTED": "a # b ${C}"}


def _file(person: Commands, content: str, name: str = ".env") -> Path:
    path = person.folder / name
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    return path


def _names(person: Commands, *flags: str) -> list[str]:
    return [line["key"] for line in person.ask("secrets", "list", *flags)]


def test_every_value_of_a_file_arrives_to_the_byte(person: Commands) -> None:
    _file(person, ENV)
    ended = person.end("secrets", "import", ".env")
    assert ended.returncode == 0
    assert "│ STRIPE_KEY │ new │" in ended.stdout
    assert ended.stderr.splitlines() == [
        "ada@example.com / personal / shop / development",
        "the values still stand in that file; when you need it no more: rm .env",
    ]
    assert VALUE not in ended.stdout + ended.stderr
    assert {key: person.value(key) for key in VALUES} == VALUES
    assert (person.folder / ".env").read_text(encoding="utf-8") == ENV


def test_a_dry_run_shows_names_and_stores_nothing(person: Commands) -> None:
    person.run("secrets", "set", "PEM=-", said="before")
    _file(person, ENV)
    assert person.ask("secrets", "import", ".env", "--dry-run", code=6)["error"] == "secrets_exist"
    told = person.ask("secrets", "import", ".env", "--dry-run", "--overwrite")
    assert (told["created"], told["updated"], told["skipped"]) == (["STRIPE_KEY", "QUOTED"], ["PEM"], [])
    assert person.ask("secrets", "import", ".env", "--dry-run", "--skip")["skipped"] == ["PEM"]
    assert "Would be" in person.run("secrets", "import", ".env", "--dry-run", "--skip")
    assert _names(person) == ["PEM"]
    assert VALUE not in json.dumps(told)


def test_a_name_without_a_value_is_left_out_and_told(person: Commands) -> None:
    _file(person, f"A={VALUE}\nB=\nC=''\n")
    assert "│ B   │ left out: no value │" in person.run("secrets", "import", ".env", "--dry-run")
    told = person.ask("secrets", "import", ".env")
    assert (told["created"], told["empty"]) == (["A"], ["B", "C"])
    assert _names(person) == ["A"]


def test_names_that_are_there_are_refused_replaced_or_left_alone(person: Commands) -> None:
    person.run("secrets", "set", "PEM=-", said="before")
    _file(person, ENV)
    refused = person.ask("secrets", "import", ".env", code=6)
    assert (refused["error"], refused["message"]) == (
        "secrets_exist",
        "nothing was imported: development has a value already for PEM",
    )
    assert _names(person) == ["PEM"]
    assert person.ask("secrets", "import", ".env", "--skip")["skipped"] == ["PEM"]
    assert person.value("PEM") == "before"
    assert person.ask("secrets", "import", ".env", "--overwrite")["updated"] == ["PEM", "QUOTED", "STRIPE_KEY"]
    assert person.value("PEM") == PEM
    assert [line["note"] for line in person.ask("secrets", "history", "PEM")] == ["imported", ""]
    assert person.ask("secrets", "import", ".env", "--overwrite", "--skip", code=2)["error"] == "bad_usage"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"A=1\n{VALUE}\n", "line 2 "),
        (f"A=1\nB=2\n\nA={VALUE}\n", "line 4 "),
        (f'A=1\nB="{VALUE}\n', "line 2 "),
        (f"A=1\n\u0405TRIPE={VALUE}\n", "line 2 "),
        (f"A=1\nB={VALUE}${{C}}\n", "line 2 "),
        (f"A=1\nB={VALUE}\nC:\n", "line 3 "),
    ],
)
def test_a_line_that_is_not_clear_is_named_by_its_number_and_nothing_is_imported(settled: Commands, content: str, words: str) -> None:
    _file(settled, content)
    for flags in ((), ("--dry-run",), ("--output", "json")):
        ended = settled.end("secrets", "import", ".env", *flags)
        assert ended.returncode == 2
        assert words in ended.stdout + ended.stderr
        assert VALUE not in ended.stdout + ended.stderr
    assert _names(settled) == []


def test_what_cannot_be_read_is_said_so(settled: Commands) -> None:
    assert settled.ask("secrets", "import", "nowhere.env", code=5)["error"] == "file_unreadable"
    assert settled.ask("secrets", "import", ".", code=5)["error"] == "file_unreadable"
    assert settled.ask("secrets", "import", "/dev/zero", code=2)["error"] == "bad_import"
    assert settled.ask("secrets", "import", os.devnull)["created"] == []
    settled.run("secrets", "import", code=2)


def test_json_comes_from_a_file_or_a_pipe(person: Commands) -> None:
    document = json.dumps({"A": VALUE, "B": "two\nlines"})
    _file(person, document, "these.json")
    assert person.ask("secrets", "import", "these.json")["created"] == ["A", "B"]
    assert (person.value("A"), person.value("B")) == (VALUE, "two\nlines")
    piped = ("secrets", "import", "-", "--format", "json", "--environment", "staging")
    assert person.ask(*piped, said=document)["environment"] == "staging"
    assert _names(person, "--environment", "staging") == ["A", "B"]
    assert person.ask(*piped, said='{"C": {"D": "nested"}}', code=2)["error"] == "bad_import"


def test_a_file_that_others_may_read_is_warned_of(person: Commands) -> None:
    _file(person, ENV, "-x y.env").chmod(0o644)
    ended = person.end("secrets", "import", "--", "-x y.env")
    assert "warning: other users of this machine may read that file: chmod 600 './-x y.env'" in ended.stderr
    assert "rm './-x y.env'" in ended.stderr


def test_a_locked_vault_takes_nothing(person: Commands) -> None:
    _file(person, ENV)
    person.run("lock")
    assert person.ask("secrets", "import", ".env", code=3)["error"] == "locked"


def test_ten_thousand_secrets_go_in_at_once_and_are_answered_for(person: Commands) -> None:
    person.run("secrets", "request", "K77", code=3)
    _file(person, "".join(f"K{number}=value-{number}-of-ten-thousand\n" for number in range(10_000)))
    with person.at_terminal("secrets", "import", ".env") as screen:
        screen.wait_for("reading and storing secrets … ")
        screen.wait_for("│ K9999 │ new │")
        assert screen.end() == 0
    assert person.value("K9999") == "value-9999-of-ten-thousand"
    assert person.ask("secrets", "request") == []


def test_an_import_under_which_the_daemon_is_killed_is_whole_or_not_there(person: Commands, counted: Counted) -> None:
    chance, outcomes = random.Random(5), []
    for turn in range(KILLS):
        names = {f"TURN_{turn}_KEY_{number}" for number in range(1_000)}
        _file(person, "".join(f"{name}=value-of-{name}\n" for name in names))
        daemon = person.ask("status")["pid"]
        words = [PROGRAM, "secrets", "import", ".env", "--output", "json"]
        with subprocess.Popen(words, cwd=person.folder, env=person.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(chance.uniform(0.1, 0.9))
            os.kill(daemon, signal.SIGKILL)
            told, _ = running.communicate(timeout=60)
        person.run("unlock", "--password-stdin", said=PASSWORD)
        stored = names & set(_names(person))
        assert stored in (set(), names)
        assert stored or running.returncode != 0, told
        outcomes.append(bool(stored))
    counted(f"{KILLS} imports of 1,000 under a killed daemon: {sum(outcomes)} whole, {KILLS - sum(outcomes)} not there, 0 in part")


def test_of_two_imports_at_once_that_take_no_names_twice_one_is_refused(person: Commands) -> None:
    _file(person, "".join(f"K{number}=value-{number}\n" for number in range(300)))
    words = [PROGRAM, "secrets", "import", ".env", "--output", "json"]
    both = [
        subprocess.Popen(words, cwd=person.folder, env=person.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    told = [json.loads(one.communicate(timeout=60)[0]) for one in both]
    assert sorted(one.returncode for one in both) == [0, 6]
    assert [one["error"] for one in told if "error" in one] == ["secrets_exist"]
    assert {line["version"] for line in person.ask("secrets", "list")} == {1}


def test_a_person_who_pastes_is_told_that_it_shows(person: Commands) -> None:
    with person.at_terminal("secrets", "import", "-") as screen:
        screen.wait_for("ends with Ctrl-D")
        screen.type("PASTED=in-at-the-terminal")
        screen.press("\x04")
        screen.wait_for("│ PASTED │ new │")
        assert screen.end() == 0
    assert person.value("PASTED") == "in-at-the-terminal"


def test_a_push_stores_the_file_of_the_environment_and_says_that_there_is_no_server(person: Commands) -> None:
    _file(person, "A=one-value\n")
    _file(person, "B=another-value\n", ".env.staging")
    ended = person.end("secrets", "push")
    assert ended.returncode == 0
    assert "│ A   │ new │" in ended.stdout
    assert "nothing was uploaded: this account has no server" in ended.stderr
    assert person.ask("secrets", "push")["updated"] == ["A"]
    assert person.ask("secrets", "push", "--environment", "staging")["created"] == ["B"]
    assert person.ask("secrets", "push", "--environment", "production")["created"] == []
    assert _names(person) == ["A"]


def test_pull_and_diff_have_nothing_to_do_without_a_server(person: Commands) -> None:
    assert person.run("secrets", "pull") == "Nothing to pull: this account has no server.\n"
    assert person.run("secrets", "diff") == "Nothing to compare: this account has no server.\n"
    assert person.ask("secrets", "diff") == {"local_only": [], "remote_only": [], "out_of_sync": []}


def test_two_environments_are_compared_by_names(person: Commands) -> None:
    person.run("secrets", "set", "BOTH=-", "--all-envs", said=VALUE)
    person.run("secrets", "set", "HERE=-", said=VALUE)
    person.run("secrets", "set", "THERE=-", "--environment", "production", said=VALUE)
    assert person.ask("secrets", "diff", "--from", "development", "--to", "production") == {"from_only": ["HERE"], "to_only": ["THERE"]}
    assert "PRODUCTION" in person.run("secrets", "diff", "--from", "development", "--to", "production")
    assert person.ask("secrets", "diff", "--from", "staging", code=2)["error"] == "bad_usage"
