"""What a person does at a terminal: passwords and values are asked for, never shown."""

from __future__ import annotations

from pathlib import Path

from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.tls import TlsUpstream


def test_an_account_is_made_by_answering_questions(tmp_path: Path) -> None:
    with commands(tmp_path, ready=False) as fresh:
        with fresh.at_terminal("init") as screen:
            screen.answer("E-mail", "ada@example.com")
            screen.answer("New password:", PASSWORD)
            screen.answer("The same again:", PASSWORD)
            screen.wait_for("next: agentsecrets project create NAME")
            assert screen.end() == 0
            assert PASSWORD not in screen.shown
        assert fresh.ask("status")["locked"] is False


def test_two_different_passwords_make_no_account(tmp_path: Path) -> None:
    with commands(tmp_path, ready=False) as fresh:
        with fresh.at_terminal("init", "--email", "ada@example.com") as screen:
            screen.answer("New password:", PASSWORD)
            screen.answer("The same again:", PASSWORD + "x")
            assert screen.end() == 2
            assert "hint:" in screen.shown
        assert fresh.ask("status", code=3)["error"] == "no_account"


def test_a_value_is_typed_without_being_shown(person: Commands) -> None:
    with person.at_terminal("secrets", "set", "KEY") as screen:
        screen.answer("Value of KEY:", VALUE)
        screen.wait_for("Stored KEY, version 1.")
        assert screen.end() == 0
        assert VALUE not in screen.shown
        assert "ada@example.com / personal / shop / development" in screen.shown


def test_a_value_on_the_command_line_is_stored_with_a_warning(person: Commands) -> None:
    with person.at_terminal("secrets", "set", f"KEY={VALUE}") as screen:
        screen.wait_for("shell's history")
        assert screen.end() == 0
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_a_value_is_shown_to_the_person_who_knows_the_password(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    with person.at_terminal("secrets", "get", "KEY") as screen:
        screen.wait_for("show the value of KEY")
        screen.answer("Password:", "not it")
        screen.wait_for("That is not the password.")
        screen.answer("Password:", PASSWORD)
        screen.wait_for(VALUE)
        assert screen.end() == 0
        assert PASSWORD not in screen.shown


def test_after_three_wrong_passwords_nothing_was_done(person: Commands) -> None:
    with person.at_terminal("workspace", "allowlist", "add", "api.example.com") as screen:
        screen.wait_for("allow calls to api.example.com")
        for _ in range(3):
            screen.answer("Password:", "not it")
        assert screen.end() == 4
    assert person.ask("workspace", "allowlist", "list") == []


def test_what_is_signed_is_shown_before_the_password_is_asked(person: Commands) -> None:
    with person.at_terminal("secrets", "bind", "KEY", "--host", "api.example.com", "--query", "key") as screen:
        screen.wait_for("KEY may go to api.example.com as query:key")
        screen.answer("Password:", PASSWORD)
        screen.wait_for("in shop, development")
        assert screen.end() == 0


def test_an_interrupted_question_changes_nothing_and_leaves_the_terminal_as_it_was(person: Commands) -> None:
    with person.at_terminal("secrets", "set", "KEY") as screen:
        screen.wait_for("Value of KEY:")
        screen.interrupt()
        assert screen.end() == 130
        assert "Traceback" not in screen.shown
    assert person.ask("secrets", "list") == []


def test_a_call_asks_a_person_once_before_a_key_goes_into_a_query(person: Commands) -> None:
    with TlsUpstream() as upstream:
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        wanted = ("call", "--url", upstream.url("/echo"), "--query", "key=KEY")
        assert person.ask(*wanted, code=4)["body"].startswith('{"error":"binding_required"')
        with person.at_terminal(*wanted) as screen:
            screen.wait_for("KEY has never been used as query key at")
            screen.answer("Password:", PASSWORD)
            assert screen.end() == 0
            assert VALUE not in screen.shown
        with person.at_terminal(*wanted) as screen:
            assert screen.end() == 0
            assert "Password" not in screen.shown


def test_a_person_who_declines_sends_nothing(person: Commands) -> None:
    with TlsUpstream() as upstream:
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        with person.at_terminal("call", "--url", upstream.url("/echo"), "--query", "key=KEY") as screen:
            screen.wait_for("Password:")
            screen.interrupt()
            assert screen.end() == 130
        assert upstream.seen == []


def test_tables_have_a_bold_head_on_a_terminal_only(person: Commands) -> None:
    with person.at_terminal("project", "list") as screen:
        assert screen.end() == 0
        assert "\x1b[1m│ Name" in screen.shown
    assert "\x1b" not in person.run("project", "list")


def test_the_log_names_the_keys_of_calls_and_of_what_a_person_was_shown(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said="a-value-to-show")
    person.value()
    person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    with person.at_terminal("proxy", "logs") as screen:
        assert screen.end() == 0
    assert "│ KEY " in screen.shown
    assert "│ KEY (bearer) " in screen.shown


def test_the_log_is_followed_until_ctrl_c(person: Commands) -> None:
    with person.at_terminal("proxy", "logs", "--watch") as screen:
        screen.wait_for("╰")
        person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
        screen.wait_for("empty_allowlist")
        screen.interrupt()
        assert screen.end() == 130
