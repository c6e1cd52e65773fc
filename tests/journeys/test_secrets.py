"""``secrets set``, ``list``, ``get``, ``delete``, on pipes."""

from __future__ import annotations

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands
from tests.parts.tls import TlsUpstream


def test_a_value_comes_from_a_pipe_from_a_dash_or_as_typed(person: Commands) -> None:
    person.run("secrets", "set", "PIPED", said=VALUE + "\n")
    person.run("secrets", "set", "DASHED=-", said=VALUE)
    person.run("secrets", "set", f"TYPED={VALUE}")
    for key in ("PIPED", "DASHED", "TYPED"):
        assert person.run("secrets", "get", key, "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_where_a_value_went_is_said_beside_the_answer(person: Commands) -> None:
    ended = person.end("secrets", "set", "KEY=-", said=VALUE)
    assert ended.stdout == "Stored KEY, version 1.\n"
    assert ended.stderr == "ada@example.com / personal / shop / development\n"
    assert person.ask("secrets", "set", "KEY=-", said=VALUE)["version"] == 2


def test_names_are_listed_and_values_never(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    listed = person.run("secrets", "list")
    assert listed.startswith("╭")
    assert "│ Key " in listed
    assert "│ KEY " in listed
    assert VALUE not in listed
    assert [(line["key"], line["version"], line["bound"]) for line in person.ask("secrets", "list")] == [("KEY", 1, "")]


def test_a_value_is_not_shown_without_a_person(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    assert person.ask("secrets", "get", "KEY", code=4)["error"] == "presence_required"
    assert VALUE not in person.run("secrets", "get", "KEY", "--password-stdin", said="wrong", code=4)
    assert person.ask("secrets", "get", "OTHER", "--password-stdin", said=PASSWORD, code=5)["error"] == "secret_not_found"


def test_a_deleted_secret_is_gone_and_its_name_can_be_used_again(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    assert person.run("secrets", "delete", "KEY") == "Deleted KEY.\n"
    assert person.ask("secrets", "list") == []
    assert person.ask("secrets", "delete", "KEY", code=5)["error"] == "secret_not_found"
    assert person.ask("secrets", "set", "KEY=-", said=VALUE)["version"] == 2


@pytest.mark.parametrize("name", ["BAD-NAME", "1KEY", "K EY", "", "KÉY", "\u039aEY", "K" * 129])
def test_a_name_of_another_shape_is_refused_and_not_repeated(settled: Commands, name: str) -> None:
    ended = settled.end("secrets", "set", f"{name}=x", "--output", "json")
    assert ended.returncode == 2
    assert "bad_key_name" in ended.stdout
    assert not name or name not in ended.stdout + ended.stderr


@pytest.mark.parametrize("value", ["", "x" * 65_537, "before\0after"])
def test_a_value_that_cannot_be_stored_is_refused(settled: Commands, value: str) -> None:
    assert settled.ask("secrets", "set", "NEVER=-", said=value, code=2)["error"] == "bad_value"
    assert "NEVER" not in [line["key"] for line in settled.ask("secrets", "list")]


def test_the_longest_value_and_name_are_kept_whole(settled: Commands) -> None:
    name, value = "K" * 128, "v" * 65_536
    settled.run("secrets", "set", f"{name}=-", said=value)
    assert settled.run("secrets", "get", name, "--password-stdin", said=PASSWORD) == value + "\n"


def test_a_key_can_be_bound_as_it_is_stored(person: Commands) -> None:
    words = ("secrets", "set", f"KEY={VALUE}", "--for", "api.example.com", "--header", "X-Api-Key", "--password-stdin")
    person.run(*words, said=PASSWORD)
    assert person.ask("secrets", "list")[0]["bound"] == "api.example.com as header:X-Api-Key"


def test_the_list_follows_every_change(person: Commands, upstream: TlsUpstream) -> None:
    def listed() -> list[tuple[str, int, list[str]]]:
        assert person.run("secrets", "list").count("\n") == len(person.ask("secrets", "list")) + 4
        return [(line["key"], line["version"], line["environments"]) for line in person.ask("secrets", "list")]

    host = person.allow(upstream)
    assert listed() == []
    person.run("secrets", "set", "KEY=-", said=VALUE)
    assert listed() == [("KEY", 1, ["development"])]
    person.run("secrets", "set", "KEY=-", "--environment", "production", said=VALUE)
    assert listed() == [("KEY", 1, ["development", "production"])]
    assert "PRODUCTION" in person.run("secrets", "list")
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("call", "--url", upstream.url("/echo"), "--bearer", "KEY")
    assert listed() == [("KEY", 2, ["development", "production"])]
    assert f"{host} as bearer" in person.run("secrets", "list")
    assert [line["bound"] for line in person.ask("secrets", "list", "--environment", "production")] == [f"{host} as bearer"]
    person.run("secrets", "delete", "KEY")
    assert listed() == []
