"""The service of a machine: installed, used, looked at, repaired and removed, on machines of their own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT, STRANGER, Isolated, isolated
from tests.parts.machine import INSTALLED_FROM, SERVICE, Machine, machine

MARKER = "/etc/agentsecrets/service.toml"
BY_HAND = f"{SERVICE} service run"


@pytest.fixture(scope="module")
def scene() -> Iterator[Isolated]:
    with isolated() as made:
        yield made


@pytest.fixture(scope="module")
def bare() -> Iterator[Machine]:
    with machine() as made:
        made.run("useradd", "--create-home", AGENT)
        yield made


# --- before there is one -----------------------------------------------------------------------------------------------------------------


def test_without_a_service_status_and_uninstall_say_so(bare: Machine) -> None:
    for command in ("status", "uninstall"):
        assert "sudo agentsecrets service install" in bare.run(INSTALLED_FROM, "service", command, code=5)
    assert "no service is installed" in bare.run(INSTALLED_FROM, "service", "run", code=5)


def test_only_root_installs_and_anybody_may_look_what_it_would_do(bare: Machine) -> None:
    for command in ("install", "uninstall", "run"):
        assert "only root can change it" in bare.run(INSTALLED_FROM, "service", command, user=AGENT, code=4)
    told = bare.ask(INSTALLED_FROM, "service", "install", "--user", AGENT, "--dry-run", user=AGENT)
    assert [step.split()[0] for step in told["steps"]] == ["make", "make", "let", "make", "copy", "check", "link", "write", "write"]
    assert told["installed"] is False
    bare.run("test", "!", "-e", "/opt/agentsecrets", "-a", "!", "-e", MARKER)


def test_a_user_who_does_not_exist_or_needs_no_place_is_refused_before_anything_is_done(bare: Machine) -> None:
    assert "this machine has no user eve" in bare.run(INSTALLED_FROM, "service", "install", "--user", "eve", code=5)
    assert "root needs no place in the group" in bare.run(INSTALLED_FROM, "service", "install", "--user", "root", code=2)
    bare.run("getent", "group", "agentsecrets", code=2)


def test_a_user_of_that_name_who_is_somebody_is_left_alone(bare: Machine) -> None:
    bare.run("useradd", "--create-home", "--shell", "/bin/sh", "agentsecrets")
    told = bare.run(INSTALLED_FROM, "service", "install", code=6)
    assert "it can log in" in told
    bare.run("test", "!", "-e", "/opt/agentsecrets")
    bare.run("userdel", "--remove", "agentsecrets")


def test_an_interpreter_that_somebody_could_change_is_refused_and_nothing_believes_in_the_service(bare: Machine) -> None:
    library = bare.run("/usr/bin/env", INSTALLED_FROM.replace("/agentsecrets", "/python"), "-c", "import os; print(os.__file__)").strip()
    bare.run("chmod", "o+w", library)
    assert f"others may write to {library}" in bare.run(INSTALLED_FROM, "service", "install", code=4)
    bare.run("test", "!", "-e", "/opt/agentsecrets", "-a", "!", "-e", MARKER)
    bare.run("chmod", "o-w", library)


def test_a_half_installed_service_is_called_so_and_a_second_run_mends_it(bare: Machine) -> None:
    bare.run("mkdir", "-p", "/opt/agentsecrets.new/lib", "/opt/agentsecrets")
    assert bare.ask(INSTALLED_FROM, "service", "status", code=3)["problems"][0].startswith("half installed")
    told = bare.ask(INSTALLED_FROM, "service", "install")
    assert told["start"] == BY_HAND
    assert bare.ask(INSTALLED_FROM, "service", "status", code=3)["problems"] == ["there is no account yet: sudo agentsecrets init"]
    bare.run("test", "!", "-e", "/opt/agentsecrets.new", "-a", "!", "-e", "/opt/agentsecrets.old")
    again = bare.ask(INSTALLED_FROM, "service", "install")
    assert [step.split()[0] for step in again["steps"]] == ["check"], "installed twice, done once"


def test_without_an_account_or_a_keeper_each_command_says_what_to_do(bare: Machine) -> None:
    assert "sudo agentsecrets init" in bare.run(SERVICE, "status", user=AGENT, code=3)
    assert "no daemon of it answers" in bare.run(SERVICE, "init", "--email", "a@example.com", "--password-stdin", said=PASSWORD, code=3)
    bare.run(INSTALLED_FROM, "service", "uninstall", "--purge", "--yes")


# --- used ---------------------------------------------------------------------------------------------------------------------------------


def test_a_member_lists_calls_and_reads_the_log_and_sees_no_value(scene: Isolated) -> None:
    there = scene.machine
    assert [secret["key"] for secret in there.ask(SERVICE, "secrets", "list", user=AGENT)] == ["KEY"]
    url = scene.upstream.url("/leak/plain?of=bearer")
    doctor = there.ask(SERVICE, "doctor", user=AGENT)
    assert doctor["ok"], doctor
    assert "it belongs to a service" in str(doctor)
    said = there.run(SERVICE, "call", "--url", url, "--bearer", "KEY", user=AGENT)
    assert "REDACTED_BY_AGENTSECRETS" in said
    assert VALUE not in said
    assert scene.upstream.seen[-1].credential() == VALUE.encode(), "the upstream did not get the value"
    assert there.ask(INSTALLED_FROM, "call", "--url", url, "--bearer", "KEY", user=AGENT)["status"] == 200, "from another installation"
    lines = there.run(SERVICE, "proxy", "logs", "--last", "2", user=AGENT).splitlines()
    assert [json.loads(line)["secret_keys"] for line in lines] == [["KEY"], ["KEY"]]


def test_a_member_enters_the_port_without_a_token_and_a_stranger_enters_neither(scene: Isolated) -> None:
    assert "REDACTED_BY_AGENTSECRETS" in scene.curl(AGENT)
    token = scene.machine.run(SERVICE, "proxy", "token", user=AGENT).strip()
    assert "REDACTED_BY_AGENTSECRETS" in scene.curl(AGENT, f"X-AS-Session-Token: {token}")
    seen = len(scene.upstream.seen)
    assert "unknown_caller" in scene.curl(STRANGER)
    assert "unknown_caller" in scene.curl(AGENT, "X-AS-Session-Token: as_sess_guess")
    for words in (("status",), ("secrets", "list"), ("call", "--url", scene.upstream.url("/"), "--bearer", "KEY"), ("proxy", "token")):
        assert "not in its group" in scene.machine.run(SERVICE, *words, user=STRANGER, code=4)
    assert len(scene.upstream.seen) == seen


def test_a_user_who_is_added_while_it_runs_may_use_it(scene: Isolated) -> None:
    scene.machine.run("useradd", "late")
    scene.machine.run(SERVICE, "service", "install", "--user", "late")
    assert scene.machine.ask(SERVICE, "status", user="late")["protection"] == "isolated"
    scene.machine.wait_for("/bin/sh", "-c", f"curl -s http://127.0.0.1:{scene.port}/proxy | grep -v unknown_caller", user="late")


def test_status_says_isolated_and_why_to_members_and_to_the_administrator(scene: Isolated) -> None:
    for user in (AGENT, "root"):
        assert "isolated: " in scene.machine.run(SERVICE, "status", user=user)
        assert scene.machine.ask(SERVICE, "service", "status", user=user)["problems"] == []
    told = scene.machine.ask(SERVICE, "service", "status", user=STRANGER, code=3)
    assert "not in its group" in told["problems"][0]


def test_doctor_and_the_server_for_ai_tools_work_for_a_member(scene: Isolated) -> None:
    checks = scene.machine.ask(SERVICE, "doctor", user=AGENT)["checks"]
    assert [one["state"] for one in checks if one["check"] == "service"] == ["ok"]
    assert not [one for one in checks if one["state"] == "fail"], checks
    asked = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}},
        },
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_secrets", "arguments": {}}},
    ]
    said = scene.machine.run(SERVICE, "mcp", "serve", user=AGENT, said="".join(json.dumps(one) + "\n" for one in asked))
    assert "KEY" in json.dumps(next(one for one in map(json.loads, said.splitlines()) if one["id"] == 2)["result"]), said


def test_doctor_tells_an_administrator_of_a_service_that_does_not_run_what_starts_it(scene: Isolated) -> None:
    scene.end_by_hand()
    with socket.create_server(("127.0.0.1", scene.port)):
        told = scene.machine.ask(SERVICE, "doctor", code=3)["checks"]
    mends = {one["found"]: one["mend"] for one in told if one["check"] == "daemon"}
    assert len(mends) == 2, mends
    assert all("sudo agentsecrets service status" in mend for mend in mends.values()), mends
    scene.begin_by_hand()
    scene.machine.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)


def test_members_who_can_become_root_are_named(scene: Isolated) -> None:
    scene.machine.run("groupadd", "--force", "docker")
    scene.machine.run("usermod", "--append", "--groups", "docker", AGENT)
    assert f"{AGENT} (docker) can probably become root" in scene.machine.ask(SERVICE, "service", "status")["warnings"][0]
    assert "give your agents a user who cannot" in scene.machine.run("/bin/sh", "-c", f"{SERVICE} service install 2>&1")
    scene.machine.run("gpasswd", "--delete", AGENT, "docker")
    assert scene.machine.ask(SERVICE, "service", "status")["warnings"] == []


def test_what_a_member_may_not_do_names_the_administrator(scene: Isolated) -> None:
    refused: tuple[tuple[str, ...], ...] = (
        ("secrets", "set", "KEY=other"),
        ("secrets", "delete", "KEY"),
        ("secrets", "get", "KEY", "--password-stdin"),
        ("project", "create", "other", "--no-folder"),
        ("workspace", "allowlist", "add", "evil.example", "--password-stdin"),
        ("unlock", "--password-stdin"),
        ("lock",),
        ("proxy", "stop"),
        ("proxy", "rotate-session"),
        ("init", "--email", "x@example.com", "--password-stdin"),
    )
    for words in refused:
        told = scene.machine.run(SERVICE, *words, user=AGENT, said=PASSWORD, code=4)
        assert "ask an administrator to run the same command with sudo" in told, words
    assert "sudo systemctl" not in scene.machine.run(SERVICE, "proxy", "start", user=AGENT)
    scene.machine.run(SERVICE, "proxy", "start", "--foreground", user=AGENT, code=3)


def test_no_command_is_handed_values_not_even_by_the_administrator(scene: Isolated) -> None:
    for user in (AGENT, "root"):
        told = scene.machine.run(SERVICE, "env", "--password-stdin", "--", "printenv", "KEY", user=user, said=PASSWORD, code=4)
        assert "at level isolated no command is handed values" in told
        assert VALUE not in told


def test_an_agent_asks_for_a_secret_and_the_administrator_fills_it_in(scene: Isolated) -> None:
    scene.machine.run(SERVICE, "secrets", "request", "LATER", user=AGENT, code=3)
    scene.machine.run(SERVICE, "secrets", "set", "LATER=-", said="a-value-of-some-length")
    assert "LATER" in scene.machine.run(SERVICE, "secrets", "list", user=AGENT)


def test_the_administrator_unlocks_at_a_terminal_and_is_shown_a_value(scene: Isolated) -> None:
    scene.machine.run(SERVICE, "lock")
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is True
    with scene.machine.at_terminal(SERVICE, "unlock") as terminal:
        terminal.answer("Password: ", "not-the-password")
        terminal.answer("Password: ", PASSWORD)
        assert terminal.end() == 0, terminal.shown
    assert "State folder" not in terminal.shown, "the service's folder is the usual one"
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is False
    assert scene.machine.run(SERVICE, "secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_another_state_folder_is_refused_on_a_machine_with_a_service(scene: Isolated) -> None:
    told = scene.machine.run(SERVICE, "status", user=AGENT, code=2, AGENTSECRETS_HOME="/tmp/own")
    assert "the service holds the vault" in told
    scene.machine.run("test", "!", "-e", "/tmp/own")


def test_an_older_service_is_named_and_replaced_with_the_vault_kept(scene: Isolated) -> None:
    there, code = scene.machine, "/opt/agentsecrets/lib/python3*/site-packages/agentsecrets/__init__.py"
    there.run("/bin/sh", "-c", f"sed -i 's/^__version__ = .*/__version__ = \"0.0.1\"/' {code}")
    scene.end_by_hand()
    scene.begin_by_hand()
    assert "is version 0.0.1, this command is version" in there.run(INSTALLED_FROM, "secrets", "list", user=AGENT, code=3)
    assert "0.0.1" in there.run(INSTALLED_FROM, "service", "status", code=3)
    there.run(INSTALLED_FROM, "service", "install")
    scene.begin_by_hand()
    there.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)
    assert "REDACTED_BY_AGENTSECRETS" in scene.curl(AGENT)
    assert there.ask(SERVICE, "service", "status")["problems"] == []


def test_removed_while_it_runs_it_leaves_the_vault_for_the_next_installation(scene: Isolated) -> None:
    there = scene.machine
    assert "would stop the service" in there.run("/bin/sh", "-c", f"{SERVICE} service uninstall --dry-run 2>&1")
    there.run(SERVICE, "service", "uninstall")
    there.run("pgrep", "--uid", "agentsecrets", code=1)
    for gone in ("/opt/agentsecrets", "/etc/agentsecrets", "/run/agentsecrets", "/usr/local/bin/agentsecrets"):
        there.run("test", "!", "-e", gone)
    there.run(INSTALLED_FROM, "service", "install")
    scene.begin_by_hand()
    there.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)
    assert there.run(SERVICE, "secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_a_purge_asks_and_takes_everything(scene: Isolated) -> None:
    there = scene.machine
    assert "--yes" in there.run(SERVICE, "service", "uninstall", "--purge", code=2)
    there.run(SERVICE, "service", "uninstall", "--purge", "--yes")
    for gone in ("/var/lib/agentsecrets", "/opt/agentsecrets", "/etc/agentsecrets", "/etc/systemd/system/agentsecrets.service"):
        there.run("test", "!", "-e", gone)
    there.run("id", "agentsecrets", code=1)
    assert "there is no AgentSecrets account" in there.run(INSTALLED_FROM, "status", user=AGENT, code=3)
