"""``secrets history``, ``rollback``, ``restore``; deleted projects."""

from __future__ import annotations

import pytest

from tests.parts.commands import Commands


def _set(person: Commands, *values: str) -> None:
    for value in values:
        person.run("secrets", "set", "KEY=-", "--note", f"was {len(value)} long", said=value)


def test_versions_are_listed_without_a_value(person: Commands) -> None:
    _set(person, "first-value", "second-value-")
    told = person.run("secrets", "history", "KEY")
    assert "in use" in told
    assert "was 11 long" in told
    assert "first-value" not in told
    assert [line["version"] for line in person.ask("secrets", "history", "KEY")] == [2, 1]
    assert person.ask("secrets", "history", "OTHER", code=5)["error"] == "secret_not_found"


def test_a_rollback_is_a_new_version_with_the_old_value(person: Commands) -> None:
    _set(person, "first-value", "second-value", "third-value")
    assert person.ask("secrets", "rollback", "KEY")["version"] == 4
    assert person.value() == "second-value"
    assert person.ask("secrets", "rollback", "KEY", "--to", "1")["version"] == 5
    assert person.value() == "first-value"
    assert person.ask("secrets", "history", "KEY")[0]["note"] == "version 1 again"
    assert person.ask("secrets", "rollback", "KEY", "--to", "99", code=5)["error"] == "secret_not_found"


def test_a_secret_with_one_version_has_nothing_to_go_back_to(person: Commands) -> None:
    _set(person, "only-value")
    assert person.ask("secrets", "rollback", "KEY", code=5)["error"] == "secret_not_found"
    assert person.value() == "only-value"


def test_twenty_versions_are_kept(settled: Commands) -> None:
    for number in range(23):
        settled.run("secrets", "set", "MANY=-", said=f"value-number-{number}")
    assert [line["version"] for line in settled.ask("secrets", "history", "MANY")] == list(range(23, 3, -1))


def test_a_deleted_secret_comes_back_with_its_versions(person: Commands) -> None:
    _set(person, "first-value", "second-value")
    person.run("secrets", "delete", "KEY")
    assert person.ask("secrets", "rollback", "KEY", code=5)["error"] == "secret_not_found"
    assert [line["key"] for line in person.ask("secrets", "restore", "--list")] == ["KEY"]
    assert "deleted" in person.run("secrets", "history", "KEY")
    assert person.ask("secrets", "restore", "KEY")["version"] == 2
    assert person.value() == "second-value"
    person.run("secrets", "rollback", "KEY")
    assert person.value() == "first-value"
    assert person.ask("secrets", "restore", "KEY", code=5)["error"] == "secret_not_found"


@pytest.mark.parametrize("words", [(), ("--list", "--output", "json")])
def test_restore_says_what_it_needs(settled: Commands, words: tuple[str, ...]) -> None:
    settled.run("secrets", "restore", *words, code=0 if words else 2)


def test_a_project_is_renamed_and_its_folder_stays_bound(person: Commands) -> None:
    _set(person, "kept-value")
    assert person.ask("project", "update", "shop", "--name", "store")["project"] == "store"
    assert person.ask("status")["project"] == "store"
    assert person.value() == "kept-value"
    person.run("project", "create", "other", "--no-folder")
    assert person.ask("project", "update", "other", "--name", "STORE", code=6)["error"] == "project_exists"
    assert person.ask("project", "update", "store", "--name", "Store")["project"] == "Store"


def test_a_deleted_project_takes_its_secrets_along_and_brings_them_back(person: Commands) -> None:
    _set(person, "kept-value")
    assert person.ask("project", "delete", "shop", code=2)["error"] == "no_terminal"
    person.run("project", "delete", "shop", "--yes")
    assert person.ask("project", "list") == []
    assert person.ask("secrets", "list", code=5)["error"] == "project_not_found"
    assert "agentsecrets project restore shop" in person.end("project", "list").stderr
    person.run("project", "restore", "shop")
    assert person.value() == "kept-value"
    assert person.ask("project", "restore", "shop", code=5)["error"] == "project_not_found"


def test_a_name_that_is_taken_again_keeps_the_deleted_project_away(person: Commands) -> None:
    person.run("project", "delete", "shop", "--yes")
    person.run("project", "create", "shop", "--no-folder")
    assert person.ask("project", "restore", "shop", code=6)["error"] == "project_exists"
