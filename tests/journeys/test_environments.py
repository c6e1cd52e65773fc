"""``environment switch``, ``list``, ``copy``, ``merge``, ``clean``, and a value for all environments at once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.parts.commands import PASSWORD, Commands


def test_a_bound_folder_switches_by_its_project_file(person: Commands, tmp_path: Path) -> None:
    told = person.run("environment", "switch", "staging")
    assert told == "Using staging of shop, this folder.\n"
    file = json.loads((person.folder / ".agentsecrets/project.json").read_text(encoding="utf-8"))
    assert file["environment"] == "staging"
    assert person.ask("status")["environment"] == "staging"
    elsewhere = json.loads(person.run("status", "--output", "json", folder=tmp_path))
    assert (elsewhere["project"], elsewhere["environment"]) == ("shop", "development")


def test_elsewhere_the_switch_is_remembered_with_the_active_project(person: Commands, tmp_path: Path) -> None:
    person.run("environment", "switch", "production", folder=tmp_path)
    person.run("proxy", "stop")
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert json.loads(person.run("status", "--output", "json", folder=tmp_path))["environment"] == "production"
    assert "PRODUCTION" in person.run("status", folder=tmp_path)


def test_an_environment_that_does_not_exist_is_refused(person: Commands) -> None:
    for words in (("switch", "prod"), ("copy", "development", "qa"), ("clean", "all", "--yes")):
        assert person.ask("environment", *words, code=2)["error"] == "bad_usage"
    assert person.ask("environment", "copy", "staging", "staging", code=2)["error"] == "same_environment"


def test_a_value_for_all_environments_is_there_in_each(person: Commands) -> None:
    ended = person.end("secrets", "set", "KEY=-", "--all-envs", said="the-same-everywhere")
    places = [line.rsplit(" / ", 1)[1] for line in ended.stderr.splitlines() if " / " in line]
    assert places == ["development", "staging", "PRODUCTION"]
    assert [person.value("KEY", "--environment", one) for one in ("development", "staging", "production")] == ["the-same-everywhere"] * 3
    assert person.ask("secrets", "list")[0]["environments"] == ["development", "staging", "production"]


def test_coverage_shows_what_is_missing_where(person: Commands) -> None:
    person.run("secrets", "set", "BOTH=-", said="value-one")
    person.run("secrets", "set", "BOTH=-", "--environment", "staging", said="value-two")
    person.run("secrets", "set", "ONE=-", "--environment", "production", said="value-three")
    covered = person.ask("secrets", "list", "--coverage")
    assert covered == {"BOTH": ["development", "staging"], "ONE": ["production"]}
    assert "PRODUCTION" in person.run("secrets", "list", "--coverage")
    assert person.run("secrets", "list", "--env-example") == "BOTH=\n"


def test_a_copy_is_whole_and_leaves_alone_what_is_there(person: Commands) -> None:
    for key in ("ONE", "TWO"):
        person.run("secrets", "set", f"{key}=-", said=f"{key}-of-development")
    person.run("secrets", "set", "TWO=-", "--environment", "staging", said="TWO-of-staging")
    told = person.ask("environment", "copy", "development", "staging")
    assert (told["copied"], told["left"]) == (["ONE"], ["TWO"])
    assert (person.value("ONE", "--environment", "staging"), person.value("TWO", "--environment", "staging")) == (
        "ONE-of-development",
        "TWO-of-staging",
    )
    assert person.ask("environment", "copy", "development", "staging", "--overwrite")["copied"] == ["ONE", "TWO"]
    assert person.value("TWO", "--environment", "staging") == "TWO-of-development"
    counted = [(line["name"], line["secrets"], line["active"]) for line in person.ask("environment", "list")]
    assert counted == [("development", 2, True), ("staging", 2, False), ("production", 0, False)]


def test_a_merge_asks_for_each_value_and_enter_skips(person: Commands) -> None:
    for key in ("ONE", "TWO", "THREE"):
        person.run("secrets", "set", f"{key}=-", said="of-development")
    with person.at_terminal("environment", "merge", "development", "production") as screen:
        screen.answer("ONE in PRODUCTION (Enter skips):", "one-of-production")
        screen.answer("THREE in PRODUCTION (Enter skips):", "")
        screen.answer("TWO in PRODUCTION (Enter skips):", "two-of-production")
        assert screen.end() == 0
        assert "Stored 2 secrets in PRODUCTION, skipped 1 secret." in screen.shown
        assert "of-production" not in screen.shown
    assert person.value("TWO", "--environment", "production") == "two-of-production"
    assert [line["key"] for line in person.ask("secrets", "list", "--environment", "production")] == ["ONE", "TWO"]


def test_a_merge_that_is_interrupted_keeps_what_was_entered(person: Commands) -> None:
    for key in ("ONE", "TWO"):
        person.run("secrets", "set", f"{key}=-", said="of-development")
    with person.at_terminal("environment", "merge", "development", "staging") as screen:
        screen.answer("ONE in staging", "one-of-staging")
        screen.wait_for("TWO in staging")
        screen.interrupt()
        assert screen.end() == 130
    assert [line["key"] for line in person.ask("secrets", "list", "--environment", "staging")] == ["ONE"]
    assert person.ask("environment", "merge", "development", "staging", code=2)["error"] == "no_terminal"


def test_an_environment_is_cleaned_after_a_yes_and_each_secret_can_come_back(person: Commands) -> None:
    for key in ("ONE", "TWO"):
        person.run("secrets", "set", f"{key}=-", said="of-development")
    assert person.ask("environment", "clean", "development", code=2)["error"] == "no_terminal"
    with person.at_terminal("environment", "clean", "development") as screen:
        screen.answer("Delete all secrets of shop, development?", "n")
        assert screen.end() == 130
    assert len(person.ask("secrets", "list")) == 2
    assert person.ask("environment", "clean", "development", "--yes")["deleted"] == ["ONE", "TWO"]
    assert person.ask("secrets", "list") == []
    person.run("secrets", "restore", "TWO")
    assert person.value("TWO", "--environment", "development") == "of-development"
