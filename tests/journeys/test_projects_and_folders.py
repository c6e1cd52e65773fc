"""``project create``, ``list``, ``use``, and the file by which a folder belongs to a project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, Commands

FILE = Path(".agentsecrets/project.json")


def test_a_new_project_binds_its_folder_by_a_file_that_is_safe_to_commit(settled: Commands) -> None:
    content = json.loads((settled.folder / FILE).read_text(encoding="utf-8"))
    assert content.keys() == {"version", "workspace_id", "workspace", "project_id", "project", "environment"}
    assert (content["project"], content["workspace"], content["environment"]) == ("shop", "personal", "development")


def test_the_file_counts_in_every_folder_below(person: Commands) -> None:
    deeper = person.folder / "src" / "api"
    deeper.mkdir(parents=True)
    person.run("project", "create", "other", "--no-folder")
    assert json.loads(person.run("status", "--output", "json", folder=deeper))["project"] == "shop"


def test_elsewhere_the_active_project_counts(person: Commands, tmp_path: Path) -> None:
    person.run("project", "create", "other", "--no-folder")
    status = json.loads(person.run("status", "--output", "json", folder=tmp_path))
    assert (status["project"], status["resolution"]) == ("other", "active")


def test_projects_are_listed_with_the_active_one_marked(person: Commands) -> None:
    person.run("project", "create", "other", "--no-folder")
    assert [(line["name"], line["active"]) for line in person.ask("project", "list")] == [("shop", False), ("other", True)]
    assert "╭" in person.run("project", "list")


def test_a_project_is_chosen_by_name(person: Commands) -> None:
    person.run("project", "create", "other", "--no-folder")
    person.run("project", "use", "shop", "--no-folder")
    assert [line["name"] for line in person.ask("project", "list") if line["active"]] == ["shop"]
    assert person.ask("project", "use", "nowhere", code=5)["error"] == "project_not_found"


@pytest.mark.parametrize("name", ["Shop", "shop"])
def test_a_name_is_taken_whatever_its_case(settled: Commands, name: str) -> None:
    assert settled.ask("project", "create", name, code=6)["error"] == "project_exists"


@pytest.mark.parametrize("name", ["", " ", "-x", "naïve", "\u0455hop", "a/b", "x" * 65, "two\nlines"])
def test_a_name_that_could_deceive_is_refused(settled: Commands, name: str) -> None:
    told = settled.run("project", "create", "--no-folder", "--output", "json", "--", name, code=2)
    assert json.loads(told)["error"] == "bad_name"


def test_a_file_that_somebody_else_wrote_counts_only_after_a_person_has_accepted_it(person: Commands, tmp_path: Path) -> None:
    cloned = tmp_path / "cloned"
    shutil.copytree(person.folder, cloned)
    refused = person.run("secrets", "list", folder=cloned, code=4)
    assert "nobody here has confirmed that file" in refused
    assert "agentsecrets project use" in refused
    assert "is not confirmed" in person.run("status", folder=cloned)
    person.run("project", "use", folder=cloned, code=4)
    person.run("project", "use", "--password-stdin", said=PASSWORD, folder=cloned)
    person.run("secrets", "list", folder=cloned)


def test_an_accepted_file_that_changes_has_to_be_accepted_again(person: Commands) -> None:
    file = person.folder / FILE
    file.write_text(file.read_text(encoding="utf-8").replace("development", "production"), encoding="utf-8")
    assert person.ask("secrets", "list", code=4)["error"] == "untrusted_folder"


def test_a_file_of_another_workspace_names_no_project_here(person: Commands) -> None:
    file = person.folder / FILE
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | {"workspace_id": "0" * 32, "project_id": "1" * 32}), encoding="utf-8")
    assert person.ask("project", "use", "--password-stdin", said=PASSWORD, code=5)["error"] == "project_not_found"


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"version": 2}', '{"project_id": "x"}'])
def test_a_file_that_is_no_project_file_is_never_guessed(person: Commands, content: str) -> None:
    (person.folder / FILE).write_text(content, encoding="utf-8")
    assert person.ask("secrets", "list", code=8)["error"] == "format_unknown"


def test_a_link_in_place_of_the_file_is_refused(person: Commands, tmp_path: Path) -> None:
    file = person.folder / FILE
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert person.ask("secrets", "list", code=8)["error"] == "format_unknown"


def test_a_stranger_s_file_is_not_overwritten(settled: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    (folder / ".agentsecrets").mkdir(parents=True)
    (folder / FILE).write_text("something else", encoding="utf-8")
    assert "file_exists" in settled.run("project", "create", "third", "--output", "json", folder=folder, code=6)
    assert (folder / FILE).read_text(encoding="utf-8") == "something else"


def test_a_project_and_an_environment_can_be_named_for_one_command(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said="value-of-development")
    person.run("secrets", "set", "KEY=-", "--environment", "staging", said="value-of-staging")
    person.run("project", "create", "other", "--no-folder")
    assert person.ask("secrets", "list", "--project", "other") == []
    shown = person.run("secrets", "get", "KEY", "--environment", "staging", "--password-stdin", said=PASSWORD)
    assert shown == "value-of-staging\n"
    by_variable = person.end("secrets", "list", "--output", "json", AGENTSECRETS_ENV="production")
    assert json.loads(by_variable.stdout) == []
    assert person.ask("secrets", "list", "--environment", "prod", code=2)["error"] == "bad_usage"


def test_production_is_marked_where_something_is_written_to_it(person: Commands) -> None:
    ended = person.end("secrets", "set", "KEY=-", "--environment", "production", said="value-of-production")
    assert "PRODUCTION" in ended.stderr
