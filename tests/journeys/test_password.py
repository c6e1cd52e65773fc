"""``password change``, ``password recovery``, ``unlock --recovery``, and the recovery key of ``init``."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from tests.parts.commands import PASSWORD, VALUE, Commands

NEW = "maple-thunder-cobalt-orchard"
CHANGE = ("password", "change", "--password-stdin")
UNLOCK = ("unlock", "--password-stdin")


def test_a_new_password_opens_and_the_old_one_does_not(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    assert person.ask(*CHANGE, said=f"not it\n{NEW}\n", code=4)["error"] == "wrong_password"
    assert person.ask(*CHANGE, said=f"{PASSWORD}\npassword1\n", code=2)["error"] == "weak_password"
    person.run(*UNLOCK, said=PASSWORD)
    assert person.run(*CHANGE, said=f"{PASSWORD}\n{NEW}\n") == "The password of ada@example.com is changed.\n"
    assert person.ask("status")["locked"] is False
    assert person.ask(*UNLOCK, said=PASSWORD, code=4)["error"] == "wrong_password"
    person.run(*UNLOCK, said=NEW)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=NEW) == VALUE + "\n"


def test_a_person_changes_it_at_a_terminal(person: Commands) -> None:
    with person.at_terminal("password", "change") as screen:
        screen.answer("Password:", PASSWORD)
        screen.answer("New password:", NEW)
        screen.answer("The same again:", NEW)
        assert screen.end() == 0
        assert NEW not in screen.shown
    person.run(*UNLOCK, said=NEW)


def test_a_recovery_file_opens_the_account_when_the_password_is_forgotten(person: Commands) -> None:
    assert person.ask("password", "recovery", "--password-stdin", said=PASSWORD, code=2)["error"] == "nowhere_to_print"
    made = person.ask("password", "recovery", "--recovery-file", "kept", "--password-stdin", said=PASSWORD)
    file = person.folder / "kept"
    assert made["file"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    words = file.read_text(encoding="ascii")
    assert person.ask("status")["recovery"] is True
    person.run("lock")
    assert person.ask(*UNLOCK, "--recovery", said="abandon " * 11 + "about", code=4)["error"] == "wrong_recovery_key"
    person.run(*UNLOCK, "--recovery", said=words)
    assert person.ask("status")["locked"] is False
    person.run(*CHANGE, "--recovery", said=f"{words.strip()}\n{NEW}\n")
    person.run(*UNLOCK, said=NEW)


def test_a_recovery_key_is_written_into_a_new_file_only(person: Commands, tmp_path: Path) -> None:
    (person.folder / "busy").write_text("mine", encoding="utf-8")
    (person.folder / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("busy", "link"):
        refused = person.ask("password", "recovery", "--recovery-file", name, "--password-stdin", said=PASSWORD, code=6)
        assert refused["error"] == "recovery_file_exists"
    assert (person.folder / "busy").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "elsewhere").exists()
    assert person.ask("status")["recovery"] is False


def test_a_new_recovery_key_replaces_the_old_one(person: Commands) -> None:
    for name in ("first", "second"):
        person.run("password", "recovery", "--recovery-file", name, "--password-stdin", said=PASSWORD)
    words = [(person.folder / name).read_text(encoding="ascii") for name in ("first", "second")]
    assert person.ask(*UNLOCK, "--recovery", said=words[0], code=4)["error"] == "wrong_recovery_key"
    person.run(*UNLOCK, "--recovery", said=words[1])


def test_init_shows_the_recovery_key_once_on_a_terminal(newcomer: Commands) -> None:
    with newcomer.at_terminal("init", "--email", "ada@example.com") as screen:
        screen.answer("New password:", PASSWORD)
        screen.answer("The same again:", PASSWORD)
        screen.wait_for("Recovery key, shown this once")
        assert screen.end() == 0
        found = re.search(r"^ {4}((?:[a-z]+ ){11}[a-z]+)\r*$", screen.shown, re.MULTILINE)
        assert found is not None
    newcomer.run(*UNLOCK, "--recovery", said=found[1])
    for path in newcomer.home.rglob("*"):
        assert path.is_socket() or path.is_dir() or found[1].encode() not in path.read_bytes()


def test_init_by_flags_makes_one_for_a_file_or_says_that_there_is_none(newcomer: Commands) -> None:
    words = ("init", "--email", "ada@example.com", "--password-stdin")
    ended = newcomer.end(*words, "--recovery-file", "kept", said=PASSWORD)
    assert ended.returncode == 0, ended.stderr
    assert "agentsecrets password recovery" not in ended.stderr
    assert len((newcomer.folder / "kept").read_text(encoding="ascii").split()) == 12
    assert "kept" not in ended.stdout
