"""``workspace allowlist add``, ``remove``, ``list``, ``log``."""

from __future__ import annotations

import pytest

from tests.parts.commands import PASSWORD, PRIVATE, Commands

ADD = ("workspace", "allowlist", "add")
REMOVE = ("workspace", "allowlist", "remove")
LIST = ("workspace", "allowlist", "list")


def test_hosts_are_added_listed_and_removed_by_a_person(person: Commands) -> None:
    told = person.run(*ADD, "api.example.com", "db.example.com:8443", "--password-stdin", said=PASSWORD)
    assert told == "May be reached now: api.example.com, db.example.com:8443.\n"
    assert [line["domain"] for line in person.ask(*LIST)] == ["api.example.com", "db.example.com:8443"]
    assert "│ Domain" in person.run(*LIST)
    person.run(*REMOVE, "db.example.com:8443", "--password-stdin", said=PASSWORD)
    assert [line["domain"] for line in person.ask(*LIST)] == ["api.example.com"]


def test_nobody_changes_the_list_without_the_password(settled: Commands) -> None:
    assert settled.ask(*ADD, "api.example.com", code=4)["error"] == "presence_required"
    assert settled.ask(*ADD, "api.example.com", "--password-stdin", said="guess", code=4)["error"] == "wrong_password"
    assert settled.ask(*LIST) == []


def test_what_is_special_about_an_entry_is_listed(person: Commands) -> None:
    person.run(*ADD, "localhost:8080", "--http", *PRIVATE, "--password-stdin", said=PASSWORD)
    (line,) = person.ask(*LIST)
    assert (line["http"], line["private"]) == (True, ["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("https://api.example.com",), "bad_target"),
        (("api.example.com/v1",), "bad_target"),
        (("api_x.example.com",), "bad_target"),
        (("api.example.com:0",), "bad_target"),
        (("api.example.com.",), "bad_target"),
        (("api.example.com", "--http"), "bad_usage"),
        (("api.example.com", "--private", "everything"), "bad_usage"),
        (("api.example.com", "--ca", "no-such-file"), "bad_usage"),
    ],
)
def test_an_entry_that_could_be_read_in_two_ways_is_refused(settled: Commands, words: tuple[str, ...], slug: str) -> None:
    assert settled.ask(*ADD, *words, "--password-stdin", said=PASSWORD, code=2)["error"] == slug
    assert settled.ask(*LIST) == []


def test_an_entry_is_there_once_and_removed_once(person: Commands) -> None:
    person.run(*ADD, "api.example.com", "--password-stdin", said=PASSWORD)
    assert person.ask(*ADD, "API.example.com:443", "--password-stdin", said=PASSWORD, code=6)["error"] == "domain_listed"
    person.run(*REMOVE, "api.example.com", "--password-stdin", said=PASSWORD)
    assert person.ask(*REMOVE, "api.example.com", "--password-stdin", said=PASSWORD, code=5)["error"] == "domain_not_found"


def test_the_log_shows_changes_and_what_the_list_has_stopped(person: Commands) -> None:
    person.run(*ADD, "api.example.com", "--password-stdin", said=PASSWORD)
    person.run("call", "--url", "https://elsewhere.example/", "--bearer", "KEY", "--agent-id", "robot", code=4)
    person.run(*REMOVE, "api.example.com", "--password-stdin", said=PASSWORD)
    lines = [(line["what"], line["domain"], line["by"]) for line in person.ask("workspace", "allowlist", "log")]
    assert lines == [
        ("added", "api.example.com", "ada@example.com"),
        ("blocked", "elsewhere.example", "robot"),
        ("removed", "api.example.com", "ada@example.com"),
    ]
