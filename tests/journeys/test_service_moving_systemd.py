"""Under the real systemd a vault moves into the sandbox of the unit, comes up there locked after a restart, and moves out of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT
from tests.parts.machine import INSTALLED_FROM, SERVICE
from tests.parts.moving import BY_PASSWORD, STATE, Moving, moving

UNIT = "agentsecrets.service"


@pytest.fixture(scope="module")
def scene() -> Iterator[Moving]:
    with moving(systemd=True) as made:
        yield made


def test_it_moves_in_and_its_daemon_is_the_unit_s_own(scene: Moving) -> None:
    there = scene.machine
    there.run(SERVICE, "service", "adopt", AGENT, *BY_PASSWORD, said="not it", code=4)
    assert there.run("systemctl", "is-active", UNIT).strip() == "active", "a move that was refused ends no service"
    scene.adopt()
    scene.uses()
    assert UNIT in there.run("cat", f"/proc/{there.ask(SERVICE, 'status', user=AGENT)['pid']}/cgroup")
    assert there.ask(SERVICE, "service", "status")["problems"] == []


def test_after_a_restart_it_is_locked_and_whole(scene: Moving) -> None:
    there = scene.machine
    there.run("systemctl", "restart", UNIT)
    assert there.ask(SERVICE, "status", user=AGENT)["locked"] is True
    there.run(SERVICE, "unlock", *BY_PASSWORD, said=PASSWORD)
    scene.uses()


def test_it_moves_out_and_the_service_goes(scene: Moving) -> None:
    there = scene.machine
    scene.release()
    there.run("pgrep", "--uid", "agentsecrets", code=1)
    there.run(SERVICE, "service", "uninstall", "--purge", "--yes")
    there.run("test", "!", "-e", STATE)
    there.run(INSTALLED_FROM, "login", *BY_PASSWORD, said=PASSWORD, user=AGENT, HOME=f"/home/{AGENT}")
    assert there.run(INSTALLED_FROM, "secrets", "get", "KEY", *BY_PASSWORD, said=PASSWORD, user=AGENT) == VALUE + "\n"
