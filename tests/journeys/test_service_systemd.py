"""The service under the real systemd: its unit is sound, its sandbox holds, and what is unlocked lives and ends with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT, Isolated, isolated
from tests.parts.machine import SERVICE

UNIT = "agentsecrets.service"
HIGHEST_EXPOSURE = 2.0
"""Of ten, by ``systemd-analyze security``; below 2 is what systemd calls OK, a plain unit has 9.6."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Isolated]:
    with isolated(systemd=True) as made:
        yield made


def test_the_unit_is_sound_and_exposes_little(scene: Isolated) -> None:
    assert scene.machine.run("systemd-analyze", "verify", f"/etc/systemd/system/{UNIT}") == ""
    said = scene.machine.run("systemd-analyze", "security", "--no-pager", UNIT)
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= HIGHEST_EXPOSURE


def test_systemd_runs_it_and_will_with_the_machine(scene: Isolated) -> None:
    for user in ("root", AGENT):
        told = scene.machine.ask(SERVICE, "service", "status", user=user)
        assert (told["supervisor"], told["active"], told["enabled"], told["problems"]) == ("systemd", True, True, [])


def test_calls_work_from_inside_the_sandbox(scene: Isolated) -> None:
    url = scene.upstream.url("/leak/plain?of=bearer")
    said = scene.machine.run(SERVICE, "call", "--url", url, "--bearer", "KEY", user=AGENT)
    assert "REDACTED_BY_AGENTSECRETS" in said
    assert scene.upstream.seen[-1].credential() == VALUE.encode()
    assert "REDACTED_BY_AGENTSECRETS" in scene.curl(AGENT), "the kernel says whose connection it is, also to a sandboxed daemon"


def test_the_daemon_that_was_unlocked_is_the_unit_s_own(scene: Isolated) -> None:
    pid = scene.machine.ask(SERVICE, "status", user=AGENT)["pid"]
    group = scene.machine.run("cat", f"/proc/{pid}/cgroup")
    assert UNIT in group
    state = scene.machine.run("cat", f"/proc/{pid}/status")
    assert re.search(r"^NoNewPrivs:\s+1$", state, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", state, re.MULTILINE)
    assert re.search(r"^Seccomp:\s+2$", state, re.MULTILINE)


def test_a_killed_daemon_comes_back_locked(scene: Isolated) -> None:
    before = scene.machine.ask(SERVICE, "status", user=AGENT)["pid"]
    scene.machine.run("kill", "-KILL", str(before))
    scene.machine.wait_for("/bin/sh", "-c", f"{SERVICE} status | grep locked", user=AGENT)
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["pid"] != before
    scene.machine.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is False


def test_lock_unlock_stop_and_start_again(scene: Isolated) -> None:
    scene.machine.run(SERVICE, "lock")
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is True
    scene.machine.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)
    scene.machine.run("systemctl", "stop", UNIT)
    scene.machine.run("pgrep", "--uid", "agentsecrets", code=1)
    assert "no daemon of it answers" in scene.machine.run(SERVICE, "status", user=AGENT, code=3)
    assert "systemctl start" in scene.machine.ask(SERVICE, "service", "status", user=AGENT, code=3)["problems"][0]
    scene.machine.run("systemctl", "start", UNIT)
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is True


def test_installed_again_nothing_is_interrupted_and_uninstalled_nothing_runs(scene: Isolated) -> None:
    before = scene.machine.ask(SERVICE, "status", user=AGENT)["pid"]
    scene.machine.run(SERVICE, "service", "install")
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["pid"] == before
    scene.machine.run(SERVICE, "service", "uninstall")
    scene.machine.run("pgrep", "--uid", "agentsecrets", code=1)
    assert scene.machine.end("systemctl", "cat", UNIT).returncode != 0
    scene.machine.run("test", "-e", "/var/lib/agentsecrets/state.db")
