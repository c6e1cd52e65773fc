"""A vault moves from a user's own folder into the service and back, between two users, with everything in it and without a second one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT, STRANGER
from tests.parts.machine import INSTALLED_FROM, SERVICE
from tests.parts.moving import BY_PASSWORD, HOME, STATE, Moving, moving


@pytest.fixture(scope="module")
def scene() -> Iterator[Moving]:
    with moving() as made:
        yield made


def test_only_root_moves_a_vault_and_only_with_the_password(scene: Moving) -> None:
    there = scene.machine
    for deed in ("adopt", "release"):
        assert "only root can change it" in there.run(SERVICE, "service", deed, AGENT, user=AGENT, code=4)
        assert there.ask(SERVICE, "service", deed, AGENT, code=4)["error"] == "presence_required"
        assert there.ask(SERVICE, "service", deed, "nobody-here", *BY_PASSWORD, said=PASSWORD, code=5)["error"] == "no_such_user"
        assert there.ask(SERVICE, "service", deed, "agentsecrets", *BY_PASSWORD, said=PASSWORD, code=2)["error"] == "bad_usage"
    assert there.ask(SERVICE, "service", "adopt", STRANGER, *BY_PASSWORD, said=PASSWORD, code=5)["error"] == "nothing_to_move"
    assert there.ask(SERVICE, "service", "release", AGENT, *BY_PASSWORD, said=PASSWORD, code=3)["error"] == "no_account"
    assert there.pids(AGENT), "the user's own daemon runs until the move begins"
    assert there.ask(SERVICE, "service", "adopt", AGENT, *BY_PASSWORD, said="not it", code=4)["error"] == "wrong_password"
    assert scene.has(f"{HOME}/state.db")
    assert not scene.has(f"{STATE}/audit.db")
    assert not scene.has(f"{STATE}/arriving")
    assert not scene.has(f"/home/{STRANGER}/.agentsecrets"), "a folder was made for somebody who has no vault"


def test_it_moves_in_with_everything_and_the_user_s_daemon_is_gone(scene: Moving) -> None:
    there = scene.machine
    assert "The vault of ada@example.com belongs to the service now" in scene.adopt()
    assert there.pids(AGENT) == []
    for name in ("state.db", "audit.db", "session.json", "state.db-wal"):
        assert not scene.has(f"{HOME}/{name}")
    assert there.run("/bin/sh", "-c", f"stat -c '%U %G %a' {STATE}/*.db").split() == ["agentsecrets", "agentsecrets", "600"] * 2
    status = there.ask(SERVICE, "status", user=AGENT)
    assert (status["protection"], status["locked"], status["port"]) == ("isolated", False, scene.port)
    scene.uses()
    assert there.run(SERVICE, "secrets", "get", "KEY", *BY_PASSWORD, said=PASSWORD) == VALUE + "\n"


def test_a_second_move_finds_nothing_and_changes_nothing(scene: Moving) -> None:
    assert "no account is in force" in scene.adopt(code=5)
    scene.uses()


def test_it_moves_back_before_the_service_is_removed_and_a_sealed_copy_stays(scene: Moving) -> None:
    there = scene.machine
    assert f"The vault of ada@example.com is with {AGENT} now" in scene.release()
    assert not scene.has(f"{STATE}/state.db")
    (kept,) = there.run("/bin/sh", "-c", f"ls -d {STATE}/accounts/*").split()
    assert there.run("stat", "-c", "%U %a", f"{kept}/state.db").split() == ["agentsecrets", "600"]
    there.run(SERVICE, "service", "uninstall")
    there.run(INSTALLED_FROM, "login", *BY_PASSWORD, said=PASSWORD, user=AGENT, HOME=f"/home/{AGENT}")
    told = there.ask(INSTALLED_FROM, "status", user=AGENT)
    assert (told["protection"], told["locked"]) == ("guarded", False)
    assert there.run(INSTALLED_FROM, "secrets", "get", "KEY", *BY_PASSWORD, said=PASSWORD, user=AGENT) == VALUE + "\n"
    assert there.ask(INSTALLED_FROM, "log", "verify", user=AGENT)["first_bad"] is None
    assert "/first" in there.run(INSTALLED_FROM, "proxy", "logs", "--last", "1000", user=AGENT)


def test_it_moves_in_again_and_out_again_over_the_copies_of_before(scene: Moving) -> None:
    there = scene.machine
    there.run(INSTALLED_FROM, "secrets", "set", "LATER=-", said="a-value-of-some-length", user=AGENT)
    there.run(INSTALLED_FROM, "service", "install", "--user", AGENT)
    scene.begin_by_hand()
    scene.adopt()
    scene.uses()
    assert "LATER" in there.run(SERVICE, "secrets", "list", user=AGENT)
    scene.release()
    there.run("/bin/sh", "-c", f"test $(ls {STATE}/accounts | wc -l) = 1 && test $(ls {HOME}/accounts | wc -l) = 1")
