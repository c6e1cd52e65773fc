"""A move that cannot be finished leaves the vault where it was, and one that is finished leaves it in one place."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentsecrets.daemon.moving.stream import Offer, Stream, Taken
from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.desktop import desktop
from tests.parts.moved import move, release_to

EMAIL = ("--email", "ada@example.com")


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Commands]:
    with commands(tmp_path / "user") as made:
        made.run("secrets", "set", "KEY=-", said=VALUE)
        yield made


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Commands]:
    with commands(tmp_path / "service", ready=False) as made:
        yield made


def _value(person: Commands) -> str:
    return person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD).removesuffix("\n")


def _unlocked(person: Commands) -> Commands:
    person.run("unlock", "--password-stdin", said=PASSWORD)
    return person


def test_a_service_that_has_an_account_keeps_it(user: Commands, service: Commands) -> None:
    service.run("init", "--email", "bob@example.com", "--password-stdin", said=PASSWORD)
    assert move("adopt", service, user)[1] == "account_exists"
    assert service.ask("status")["email"] == "bob@example.com"
    assert service.ask("status")["locked"] is False, "its daemon was not ended for that"
    assert _value(_unlocked(user)) == VALUE


def test_a_vault_that_does_not_open_is_not_put_in_force(user: Commands, service: Commands) -> None:
    user.stop()
    with contextlib.closing(sqlite3.connect(user.home / "state.db")) as database:
        database.execute("UPDATE ledger SET envelope = zeroblob(length(envelope)) WHERE seq = 0")
        database.commit()
    code, said = move("adopt", service, user)
    assert code, said
    assert (user.home / "state.db").exists()
    assert not (service.home / "state.db").exists()
    assert not (service.home / "audit.db").exists()


def test_a_taker_that_lies_gets_the_sealed_files_and_the_service_keeps_its_vault(tmp_path: Path, user: Commands) -> None:
    def lie(stream: Stream) -> None:
        offer = stream.hear(Offer)
        taken = stream.receive_file(tmp_path / "state", offer.state)
        stream.receive_file(tmp_path / "log", offer.log)
        stream.say(Taken(state=taken, log="0" * 64))

    def go(stream: Stream) -> None:
        stream.hear(Offer)

    for taker, told in ((lie, "something else arrived"), (go, "the other end has gone")):
        assert told in release_to(user, taker).stderr
        assert not (user.home / "accounts").exists()
        assert _value(_unlocked(user)) == VALUE


def test_what_the_service_has_learned_since_goes_back_and_in_again(user: Commands, service: Commands) -> None:
    assert "email" in move("adopt", service, user)[1]
    service.run("secrets", "set", "LATER=-", "--project", "shop", said="a-value-of-some-length")
    assert "email" in move("release", service, user)[1]
    assert service.ask("status", code=3)["error"] == "no_account"
    user.run("login", "--password-stdin", said=PASSWORD)
    assert {secret["key"] for secret in user.ask("secrets", "list")} == {"KEY", "LATER"}
    assert "email" in move("adopt", service, user)[1]
    assert "email" in move("release", service, user)[1]
    assert move("release", service, user)[1] == "no_account"


def test_at_level_keychain_the_item_goes_and_the_password_opens_the_vault(tmp_path: Path, service: Commands) -> None:
    with desktop(tmp_path / "session") as session, commands(tmp_path / "user", ready=False) as user:
        user.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        user.run("init", *EMAIL, "--protection", "keychain", "--password-stdin", said=PASSWORD)
        user.run("project", "create", "shop")
        user.run("secrets", "set", "KEY=-", said=VALUE)
        assert len(session.items()) == 1
        _, told = move("adopt", service, user, bus=session.address)
        assert '"before":"keychain"' in told
        assert '"items_left":0' in told
        assert not session.items()
        assert user.ask("status", code=3)["error"] == "no_account"
        service.run("lock")
        assert service.ask("status")["protection"] == "guarded"
        assert _value(_unlocked(service)) == VALUE


def test_a_keychain_that_cannot_be_reached_holds_nothing_up_and_is_told(tmp_path: Path, service: Commands) -> None:
    with desktop(tmp_path / "session") as session, commands(tmp_path / "user", ready=False) as user:
        user.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        user.run("init", *EMAIL, "--protection", "keychain", "--password-stdin", said=PASSWORD)
        user.stop()
        assert '"items_left":1' in move("adopt", service, user)[1]
        assert service.ask("status")["locked"] is False
        assert not (user.home / "state.db").exists()
