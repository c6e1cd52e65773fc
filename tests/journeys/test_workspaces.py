"""``workspace create``, ``list``, ``switch``: each has its own allowlist, projects and keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, Commands
from tests.parts.tls import TlsUpstream

CREATE = ("workspace", "create", "team", "--password-stdin")


def test_a_person_creates_a_workspace_and_everybody_may_choose_it(person: Commands, tmp_path: Path) -> None:
    assert person.ask("workspace", "create", "team", code=4)["error"] == "presence_required"
    assert person.run(*CREATE, said=PASSWORD) == "Created workspace team; it is the active one.\n"
    listed = json.loads(person.run("workspace", "list", "--output", "json", folder=tmp_path))
    assert [(line["name"], line["active"], line["role"]) for line in listed] == [("personal", False, "owner"), ("team", True, "owner")]
    person.run("workspace", "switch", "personal")
    assert json.loads(person.run("status", "--output", "json", folder=tmp_path))["workspace"] == "personal"
    assert person.ask("workspace", "switch", "nowhere", code=5)["error"] == "workspace_not_found"


def test_a_bound_folder_stays_in_its_workspace(person: Commands) -> None:
    person.run(*CREATE, said=PASSWORD)
    status = person.ask("status")
    assert (status["workspace"], status["project"]) == ("personal", "shop")


def test_workspaces_share_neither_hosts_nor_projects_nor_secrets(person: Commands, tmp_path: Path, upstream: TlsUpstream) -> None:
    host = person.allow(upstream)
    person.run("secrets", "set", "KEY=-", said="value-of-personal")
    person.run(*CREATE, said=PASSWORD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert json.loads(person.run("workspace", "allowlist", "list", "--output", "json", folder=elsewhere)) == []
    assert json.loads(person.run("project", "list", "--output", "json", folder=elsewhere)) == []
    person.run("project", "create", "shop", folder=elsewhere)
    assert json.loads(person.run("secrets", "list", "--output", "json", folder=elsewhere)) == []
    refused = person.run("call", "--url", f"https://{host}/echo", "--output", "json", folder=elsewhere, code=4)
    assert "empty_allowlist" in refused
    assert person.ask("call", "--url", f"https://{host}/echo", "--bearer", "KEY")["status"] == 200
    log = json.loads(person.run("workspace", "allowlist", "log", "--output", "json", folder=elsewhere))
    assert [line["what"] for line in log] == ["blocked"]


def test_one_command_may_name_its_workspace(person: Commands, tmp_path: Path) -> None:
    person.run(*CREATE, said=PASSWORD)
    person.run("project", "create", "other", folder=tmp_path)
    named = person.ask("project", "list", "--workspace", "team")
    assert [line["name"] for line in named] == ["other"]
    by_variable = person.end("project", "list", "--output", "json", AGENTSECRETS_WORKSPACE="personal", folder=tmp_path)
    assert [line["name"] for line in json.loads(by_variable.stdout)] == ["shop"]
    person.run("secrets", "set", "KEY=-", "--workspace", "team", said="value-of-team")
    assert person.ask("secrets", "list") == []
    shown = person.run("secrets", "get", "KEY", "--workspace", "team", "--password-stdin", said=PASSWORD)
    assert shown == "value-of-team\n"
    person.run("workspace", "allowlist", "add", "api.example.com", "--workspace", "team", "--password-stdin", said=PASSWORD)
    assert person.ask("workspace", "allowlist", "list") == []


@pytest.mark.parametrize("name", ["team", "TEAM", "personal"])
def test_a_name_is_taken_once(person: Commands, name: str) -> None:
    person.run(*CREATE, said=PASSWORD)
    assert person.ask("workspace", "create", name, "--password-stdin", said=PASSWORD, code=6)["error"] == "workspace_exists"


def test_workspaces_outlive_the_daemon(person: Commands) -> None:
    person.run(*CREATE, said=PASSWORD)
    person.run("secrets", "set", "KEY=-", "--workspace", "team", said="x", code=3)
    person.run("project", "create", "other", "--no-folder", "--workspace", "team")
    person.run("secrets", "set", "KEY=-", "--workspace", "team", said="value-of-team")
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert [line["key"] for line in person.ask("secrets", "list", "--workspace", "team")] == ["KEY"]
