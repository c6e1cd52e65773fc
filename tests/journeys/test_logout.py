"""``logout`` and ``login``: an account leaves, another may come, and the first comes back with everything."""

from __future__ import annotations

from tests.parts.commands import PASSWORD, VALUE, Commands

EMAIL = "ada@example.com"


def _out(person: Commands) -> None:
    person.run("logout", "--password-stdin", said=PASSWORD)


def test_who_is_logged_out_can_do_nothing_and_comes_back_with_everything(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    ended = person.end("logout", "--password-stdin", said=PASSWORD)
    assert ended.returncode == 0
    assert f"{EMAIL} is logged out" in ended.stdout
    assert "to come back: agentsecrets login\n" in ended.stderr
    for words in (("status",), ("secrets", "list"), ("unlock", "--password-stdin"), ("logout", "--password-stdin")):
        refused = person.ask(*words, said=PASSWORD, code=3)
        assert refused["error"] == "no_account"
        assert "agentsecrets login" in refused["hint"]
    assert not (person.home / "session.json").exists()
    assert person.ask("login", "--password-stdin", said=PASSWORD)["locked"] is False
    assert person.value() == VALUE
    assert person.ask("log", "verify")["first_bad"] is None
    assert person.ask("proxy", "logs")[0]["reason"] == "empty_allowlist"


def test_it_needs_the_password_and_keeps_the_daemon_when_that_is_wrong(person: Commands) -> None:
    assert person.ask("logout", code=4)["error"] == "presence_required"
    assert person.ask("logout", "--password-stdin", said="not it", code=4)["error"] == "wrong_password"
    assert person.ask("status")["locked"] is False


def test_another_account_may_take_the_place_and_each_comes_back(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    _out(person)
    person.run("init", "--email", "bob@example.com", "--password-stdin", said=PASSWORD)
    assert person.ask("login", EMAIL, "--password-stdin", said=PASSWORD, code=6)["error"] == "account_exists"
    assert person.ask("status")["locked"] is False
    _out(person)
    assert "ada@example.com, bob@example.com" in person.ask("login", "--password-stdin", said=PASSWORD, code=2)["message"]
    assert person.ask("login", "eve@example.com", "--password-stdin", said=PASSWORD, code=5)["error"] == "nothing_set_aside"
    person.run("login", EMAIL, "--password-stdin", said=PASSWORD)
    assert person.value() == VALUE


def test_a_wrong_password_brings_the_account_back_locked(person: Commands) -> None:
    _out(person)
    assert person.ask("login", "--password-stdin", said="not it", code=4)["error"] == "wrong_password"
    assert person.ask("status")["locked"] is True


def test_an_account_is_erased_only_by_its_own_name(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    assert person.ask("logout", "--erase", "bob@example.com", "--password-stdin", said=PASSWORD, code=2)["error"] == "bad_usage"
    assert person.ask("logout", "--erase", EMAIL, "--password-stdin", said="not it", code=4)["error"] == "wrong_password"
    assert person.ask("logout", "--erase", EMAIL, "--password-stdin", said=PASSWORD)["erased"] is True
    assert person.ask("login", "--password-stdin", said=PASSWORD, code=5)["error"] == "nothing_set_aside"
    assert not list(person.home.rglob("*.db"))
    person.run("init", "--email", EMAIL, "--password-stdin", said=PASSWORD)
    assert person.ask("project", "list") == []


def test_a_person_reads_what_is_lost_and_what_comes_back(person: Commands) -> None:
    with person.at_terminal("logout", "--erase", EMAIL) as screen:
        screen.wait_for(f"ERASE {EMAIL} with all its secrets")
        screen.wait_for("no way back")
        screen.interrupt()
        assert screen.end() == 130
    with person.at_terminal("logout") as screen:
        screen.wait_for("There is no recovery key")
        screen.answer("Password:", PASSWORD)
        screen.wait_for("to come back: agentsecrets login")
        assert screen.end() == 0
    with person.at_terminal("login") as screen:
        screen.answer("Password:", PASSWORD)
        screen.wait_for("is open")
        assert screen.end() == 0


def test_an_account_with_a_recovery_key_comes_back_without_its_password(newcomer: Commands) -> None:
    file = newcomer.folder / "words"
    newcomer.run("init", "--email", EMAIL, "--password-stdin", "--recovery-file", str(file), said=PASSWORD)
    _out(newcomer)
    newcomer.run("login", "--recovery", "--password-stdin", said=file.read_text())
    assert newcomer.ask("status")["locked"] is False
