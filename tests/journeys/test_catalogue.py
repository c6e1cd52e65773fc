"""Where a key goes is said and asked: when its value is stored, and before a call pins it where anybody publishes."""

from __future__ import annotations

from tests.parts.commands import PASSWORD, VALUE, Commands


def test_where_a_key_goes_already_is_said_to_whoever_stores_its_value(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said="gs" + "k_" + ("q7Zp3xVt9KdRmLw3hYc5" * 3)[:52])
    ended = person.end("secrets", "set", "KEY=-", said=VALUE)
    assert "KEY may go to api.groq.com as bearer\n" in ended.stderr
    assert ended.stdout == "Stored KEY, version 2.\n"


def test_a_call_asks_a_person_before_a_key_is_pinned_where_anybody_publishes(person: Commands) -> None:
    person.run("workspace", "allowlist", "add", "somebody.github.io", "--password-stdin", said=PASSWORD)
    person.run("secrets", "set", "KEY=-", said=VALUE)
    call = ("call", "--url", "https://somebody.github.io/x", "--bearer", "KEY")
    refused = person.ask(*call, code=4)
    assert refused["body"].startswith('{"error":"binding_required"')
    assert "could be anybody's" in refused["error"]
    with person.at_terminal(*call) as screen:
        screen.wait_for("KEY has never been used as bearer at somebody.github.io")
        screen.wait_for("KEY may go to somebody.github.io as bearer")
        screen.interrupt()
        assert screen.end() == 130
    assert person.ask("secrets", "bindings") == []
