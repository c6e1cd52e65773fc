"""Level ``keychain`` with a real Secret Service: how a vault is made there, opens by itself, and what if it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, Commands, commands
from tests.parts.desktop import Desktop, desktop
from tests.parts.silent_keychain import SilentKeychain

EMAIL = ("--email", "ada@example.com")
BOUND = 3.0
"""Seconds within which a keychain that does not answer is given up."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop session of somebody who has logged in."""
    with desktop(tmp_path / "session") as started:
        yield started


@pytest.fixture
def newcomer(tmp_path: Path, session: Desktop) -> Iterator[Commands]:
    """Commands in that session, of somebody who has nothing yet."""
    with commands(tmp_path, ready=False) as fresh:
        fresh.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        yield fresh


@pytest.fixture
def person(newcomer: Commands) -> Commands:
    """The same with an account at level keychain, a project and one secret."""
    newcomer.run("init", *EMAIL, "--protection", "keychain", "--password-stdin", said=PASSWORD)
    newcomer.run("project", "create", "shop")
    newcomer.run("secrets", "set", "KEY=-", said="a-value-to-keep")
    return newcomer


# --- making one -----------------------------------------------------------------------------------------------------------------------


def test_a_person_is_told_what_the_levels_are_and_takes_the_keychain_by_return(newcomer: Commands, session: Desktop) -> None:
    with newcomer.at_terminal("init", *EMAIL) as screen:
        screen.wait_for(f"The keychain here: Secret Service at {session.address}")
        screen.wait_for("keychain: by itself, with your login session")
        screen.wait_for("any program of your user could ask the keychain itself")
        screen.wait_for("guarded: by the account password")
        screen.answer("Protection [keychain]:", "sometimes")
        screen.wait_for("One of: keychain, guarded.")
        screen.answer("Protection [keychain]:", "")
        screen.answer("New password:", PASSWORD)
        screen.answer("The same again:", PASSWORD)
        screen.wait_for("protection keychain")
        assert screen.end() == 0
    assert len(session.items()) == 1
    assert newcomer.ask("status")["protection"] == "keychain"


def test_a_person_may_choose_guarded_where_there_is_a_keychain(newcomer: Commands, session: Desktop) -> None:
    with newcomer.at_terminal("init", *EMAIL) as screen:
        screen.answer("Protection [keychain]:", "guarded")
        screen.answer("New password:", PASSWORD)
        screen.answer("The same again:", PASSWORD)
        assert screen.end() == 0
    assert session.items() == {}
    assert newcomer.ask("status")["protection"] == "guarded"


def test_a_script_that_names_no_level_gets_the_keychain_where_there_is_one_and_guarded_elsewhere(
    newcomer: Commands, session: Desktop
) -> None:
    session.lock()
    made = newcomer.ask("init", *EMAIL, "--password-stdin", said=PASSWORD)
    assert made["protection"] == "guarded"
    newcomer.stop()
    session.log_out()
    session.log_in()
    newcomer.environment["AGENTSECRETS_HOME"] = str(newcomer.home.with_name("other"))
    made = newcomer.ask("init", *EMAIL, "--password-stdin", said=PASSWORD)
    assert (made["protection"], len(session.items())) == ("keychain", 1)
    assert "any program of your user could ask the keychain" in made["limit"]


@pytest.mark.parametrize("address", ["disabled:", "unix:path=/nowhere/bus"])
def test_a_keychain_that_was_asked_for_and_is_not_there_ends_with_the_command_that_works(newcomer: Commands, address: str) -> None:
    newcomer.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    told = newcomer.run("init", *EMAIL, "--protection", "keychain", "--password-stdin", said=PASSWORD, code=3)
    assert "keychain_missing" in newcomer.run(
        "init", *EMAIL, "--protection", "keychain", "--password-stdin", "--output", "json", said=PASSWORD, code=3
    )
    assert "agentsecrets init --protection guarded" in told
    assert newcomer.ask("status", code=3)["error"] == "no_account"
    newcomer.run("init", *EMAIL, "--protection", "guarded", "--password-stdin", said=PASSWORD)


# --- opening by itself ----------------------------------------------------------------------------------------------------------------


def test_a_daemon_opens_the_vault_by_itself_whenever_it_starts(person: Commands) -> None:
    for _ in range(2):
        person.stop()
        assert person.ask("status")["locked"] is False
        assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]


def test_lock_locks_until_somebody_unlocks_and_nobody_is_asked_for_the_password(person: Commands) -> None:
    person.run("lock")
    status = person.ask("status")
    assert (status["locked"], status["locked_by"]) == (True, "")
    assert person.ask("secrets", "list", code=3)["error"] == "locked"
    assert person.ask("unlock")["protection"] == "keychain"
    assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]
    with person.at_terminal("unlock") as screen:
        assert screen.end() == 0
        assert "Password" not in screen.shown


def test_what_needs_a_person_needs_the_password_at_this_level_too(person: Commands) -> None:
    for words in (
        ("secrets", "get", "KEY"),
        ("workspace", "allowlist", "add", "api.example.com"),
        ("secrets", "bind", "KEY", "--host", "api.example.com", "--bearer"),
        ("password", "change"),
        ("protection", "set", "guarded"),
    ):
        assert person.ask(*words, code=4)["error"] == "presence_required", words
    assert "this needs a person" in person.run("env", "--remember", "--", "true", code=4)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == "a-value-to-keep\n"


def test_a_command_gets_its_values_without_a_question_as_the_level_says(person: Commands) -> None:
    assert person.run("env", "--no-mask", "--", "sh", "-c", 'printf %s "$KEY"') == "a-value-to-keep"


def test_status_says_which_level_is_in_force_and_what_it_is_worth(person: Commands) -> None:
    said = person.run("status")
    assert "keychain: what opens the keys lies in the keychain of the operating system" in said
    assert "any program of your user could ask the keychain itself" in said
    status = person.ask("status")
    assert status["protection_why"] in said
    assert status["protection_limit"] in said


# --- a keychain that does not ---------------------------------------------------------------------------------------------------------


def test_a_keychain_that_is_locked_while_the_daemon_runs_closes_nothing_and_opens_nothing_again(person: Commands, session: Desktop) -> None:
    session.lock()
    assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]
    person.run("lock")
    refused = person.ask("unlock", code=3)
    assert refused["error"] == "keychain_locked"
    assert "agentsecrets unlock --password" in refused["hint"]
    assert person.ask("status")["locked"] is True
    assert person.ask("unlock", "--password-stdin", said=PASSWORD)["locked"] is False
    session.log_out()
    session.log_in()
    person.run("lock")
    assert person.ask("unlock")["locked"] is False


def test_a_daemon_that_starts_while_the_keychain_is_locked_is_locked_and_says_why(person: Commands, session: Desktop) -> None:
    person.stop()
    session.log_out()
    session.log_in_without_password()
    assert "locked, because the keychain of the operating system (Secret Service) is locked" in person.run("status")
    assert person.ask("status")["locked_by"] == "keychain_locked"
    assert person.ask("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=3)["error"]
    with person.at_terminal("unlock", "--password") as screen:
        screen.answer("Password:", PASSWORD)
        assert screen.end() == 0
    assert person.ask("status")["locked"] is False


def test_a_keychain_that_is_gone_or_has_lost_the_item_is_named_and_the_password_opens_the_vault(person: Commands, session: Desktop) -> None:
    session.forget()
    person.stop()
    assert person.ask("status")["locked_by"] == "keychain_item_missing"
    assert person.ask("unlock", code=3)["error"] == "keychain_item_missing"
    session.log_out()
    assert person.ask("unlock", code=3)["error"] == "keychain_missing"
    person.run("unlock", "--password-stdin", said=PASSWORD)
    session.log_in()
    person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
    person.stop()
    assert person.ask("status")["locked"] is False


def test_a_keychain_that_never_answers_is_given_up_and_everything_else_goes_on(person: Commands, session: Desktop) -> None:
    person.stop()
    session.log_out()
    with SilentKeychain(session.address) as silent:
        assert person.ask("status")["locked_by"] == "keychain_silent"
        for words in (("unlock",), ("protection", "set", "keychain", "--password-stdin"), ("proxy", "start")):
            assert _seconds(person, session.address, *words) < _seconds(person, "disabled:", *words) + BOUND
        assert person.ask("unlock", code=3)["error"] == "keychain_silent"
        assert silent.asked() > 0
        assert person.ask("status")["locked"] is True
        person.run("unlock", "--password-stdin", said=PASSWORD)
        assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]
        person.run("protection", "set", "guarded", "--password-stdin", said=PASSWORD)
        assert person.ask("status")["protection"] == "guarded"


def _seconds(person: Commands, bus: str, *words: str) -> float:
    """How long a command takes, started without a daemon."""
    person.stop()
    before = time.monotonic()
    assert person.end(*words, said=PASSWORD, DBUS_SESSION_BUS_ADDRESS=bus).returncode in (0, 3)
    return time.monotonic() - before


# --- password and recovery key --------------------------------------------------------------------------------------------------------


def test_the_password_changes_and_the_keychain_opens_as_before(person: Commands) -> None:
    person.run("password", "change", "--password-stdin", said=f"{PASSWORD}\nanother-quartz-of-meadows-17\n")
    person.stop()
    assert person.ask("status")["locked"] is False
    assert person.ask("unlock", "--password-stdin", said=PASSWORD, code=4)["error"] == "wrong_password"
    person.run("unlock", "--password-stdin", said="another-quartz-of-meadows-17")


def test_a_recovery_key_opens_the_account_at_each_level_whenever_it_was_made(person: Commands) -> None:
    file = person.home.with_name("recovery")
    person.run("password", "recovery", "--recovery-file", str(file), "--password-stdin", said=PASSWORD)
    words = file.read_text()
    for level in ("guarded", "keychain", "guarded"):
        person.run("unlock", "--recovery", "--password-stdin", said=words)
        person.run("protection", "set", level, "--password-stdin", said=PASSWORD)
        person.run("lock")
        person.run("unlock", "--recovery", "--password-stdin", said=words)
        assert person.ask("status")["protection"] == level
        assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]
    person.run("password", "change", "--recovery", "--password-stdin", said=f"{words}another-quartz-of-meadows-17\n")
    person.run("unlock", "--password-stdin", said="another-quartz-of-meadows-17")


def test_an_account_that_is_logged_out_leaves_the_keychain_and_comes_back_by_its_password(person: Commands, session: Desktop) -> None:
    person.run("logout", "--password-stdin", said=PASSWORD)
    assert session.items() == {}
    assert person.ask("login", code=4)["error"] == "presence_required"
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.ask("status")["protection"] == "guarded"
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == "a-value-to-keep\n"


def test_an_account_that_is_erased_leaves_nothing_in_the_keychain(person: Commands, session: Desktop) -> None:
    person.run("logout", "--erase", "ada@example.com", "--password-stdin", said=PASSWORD)
    assert session.items() == {}


def test_a_keychain_that_is_locked_keeps_nobody_from_leaving(person: Commands, session: Desktop) -> None:
    session.lock()
    ended = person.end("logout", "--password-stdin", said=PASSWORD)
    assert ended.returncode == 0
    assert "the keychain did not let go of 1 item" in ended.stderr
    assert "for the one before: agentsecrets protection set keychain" in ended.stderr
    person.run("login", "--password-stdin", said=PASSWORD)
    assert person.ask("status")["protection"] == "guarded"
