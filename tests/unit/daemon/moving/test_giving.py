"""What a giver has is gone when it was taken, and only what was taken."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from agentsecrets.daemon.moving.giving import give_away
from agentsecrets.daemon.moving.stream import Gone, Offer, Stream, Taken, told
from agentsecrets.daemon.moving.taking import arrived_account, receive, take
from agentsecrets.errors import (
    AccountExists,
    AgentSecretsError,
    MoveBrokenOff,
    MovedVaultChanged,
    NothingToMove,
    StateDamaged,
    StateUnwritable,
    UnsafeState,
)
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import kept
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account
from tests.parts.commands import PASSWORD


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with an account and a log, which no program has open."""
    made = Home(tmp_path / "home")
    made.create()
    account, _, founded = found_account("ada@example.com", PASSWORD, 1)
    store = StateDb(made.state_db)
    store.found(account, founded.workspace_id, founded.first.encode())
    store.close()
    AuditDb(made.audit_db).close()
    return made


@contextmanager
def _between(giver: Callable[[Stream], None]) -> Iterator[tuple[Stream, list[AgentSecretsError]]]:
    """The taker's end, while a giver gives; and what it refused."""
    one, other = socket.socketpair()
    refused: list[AgentSecretsError] = []

    def give() -> None:
        try:
            with Stream(one.detach(), 10.0) as stream, told(stream):
                giver(stream)
        except AgentSecretsError as failure:
            refused.append(failure)

    giving = threading.Thread(target=give)
    giving.start()
    with Stream(other.detach(), 10.0) as stream:
        yield stream, refused
    giving.join(20)


def test_what_was_taken_is_gone_and_the_folder_stays(home: Home, tmp_path: Path):
    target = Home(tmp_path / "target")
    target.create()
    with _between(lambda stream: give_away(stream, home.root)) as (taker, refused):
        taken = receive(taker, target)
        assert home.state_db.exists(), "nothing goes before the word"
        taker.say(taken)
        assert taker.hear(Gone) == Gone(items_left=0)
    assert not refused
    assert not home.state_db.exists()
    assert not home.audit_db.exists()
    assert arrived_account(target).email == "ada@example.com"


def test_a_taker_that_goes_leaves_everything(home: Home, tmp_path: Path):
    target = Home(tmp_path / "target")
    target.create()
    with _between(lambda stream: give_away(stream, home.root)) as (taker, refused):
        receive(taker, target)
    assert isinstance(refused[0], MoveBrokenOff)
    assert home.state_db.exists()
    assert home.audit_db.exists()


@pytest.mark.parametrize("changed", ["state", "log", "more log", "open"])
def test_what_is_not_what_was_taken_stays(home: Home, tmp_path: Path, changed: str):
    target = Home(tmp_path / "target")
    target.create()
    with _between(lambda stream: give_away(stream, home.root)) as (taker, refused):
        taken = receive(taker, target)
        if changed == "more log":
            home.audit_db.write_bytes(home.audit_db.read_bytes() + b"x")
        if changed == "open":
            Path(f"{home.state_db}-wal").write_bytes(b"x")
        taker.say(Taken(state="" if changed == "state" else taken.state, log="" if changed == "log" else taken.log))
        with pytest.raises(MovedVaultChanged):
            taker.hear(Gone)
    assert isinstance(refused[0], MovedVaultChanged)
    assert home.state_db.exists()
    assert home.audit_db.exists()


def test_a_folder_without_an_account_gives_nothing_and_is_not_made(tmp_path: Path):
    with _between(lambda stream: give_away(stream, tmp_path / "none")) as (taker, _), pytest.raises(NothingToMove):
        taker.hear(Offer)
    assert not (tmp_path / "none").exists()
    home = Home(tmp_path / "empty")
    home.create()
    StateDb(home.state_db).close()
    with _between(lambda stream: give_away(stream, home.root)) as (taker, _), pytest.raises(NothingToMove):
        taker.hear(Offer)


def test_a_folder_that_is_not_safe_gives_nothing_and_is_not_mended(home: Home):
    home.root.chmod(0o777)
    with _between(lambda stream: give_away(stream, home.root)) as (taker, _), pytest.raises(UnsafeState):
        taker.hear(Offer)
    assert home.root.stat().st_mode & 0o777 == 0o777


def test_a_log_that_was_lost_is_not_made_anew(home: Home, tmp_path: Path):
    home.audit_db.unlink()
    target = Home(tmp_path / "target")
    target.create()
    with _between(lambda stream: give_away(stream, home.root)) as (taker, _):
        assert receive(taker, target).log == ""
    assert not home.audit_db.exists()


def test_a_taker_sets_aside_what_it_took_over_an_older_copy(home: Home, tmp_path: Path):
    source, target = home.state_db.read_bytes(), Home(tmp_path / "target")
    for _ in range(2):
        one, other = socket.socketpair()
        with Stream(one.detach(), 10.0) as giver, Stream(other.detach(), 10.0) as taker:
            giver.say(Offer(state=len(source), log=-1))
            giver.send_file(home.state_db, len(source))
            take(taker, target.root)
            assert giver.hear(Taken).log == ""
    (account_id,) = kept(target)
    assert (target.accounts / account_id / "state.db").read_bytes() == source
    assert not target.state_db.exists()
    assert not target.arriving.exists()


@pytest.mark.parametrize(
    ("offer", "refusal"),
    [
        (Offer(state=0, log=-1), StateDamaged),
        (Offer(state=1, log=-2), StateDamaged),
        (Offer(state=1 << 40, log=-1), StateUnwritable),
        (Offer(state=1, log=1 << 62), StateUnwritable),
    ],
)
def test_sizes_that_no_vault_has_are_refused_before_a_byte_is_written(tmp_path: Path, offer: Offer, refusal: type[Exception]):
    home = Home(tmp_path / "home")
    home.create()
    one, other = socket.socketpair()
    with Stream(one.detach(), 5.0) as giver, Stream(other.detach(), 5.0) as taker:
        giver.say(offer)
        with pytest.raises(refusal):
            receive(taker, home)
    assert not home.arriving.exists()


def test_an_id_that_could_be_a_path_is_no_account(home: Home, tmp_path: Path):
    target = Home(tmp_path / "target")
    target.create()
    target.arriving.mkdir()
    store = StateDb(home.state_db)
    account = store.account()
    store.close()
    assert account is not None
    evil = home.state_db.read_bytes().replace(account.account_id.encode(), b"../../" + account.account_id[6:].encode())
    (target.arriving / "state.db").write_bytes(evil)
    with pytest.raises(StateDamaged):
        arrived_account(target)


def test_an_account_that_another_person_has_set_aside_under_its_id_stays(home: Home, tmp_path: Path):
    target = Home(tmp_path / "target")
    target.create()
    other, _, founded = found_account("eve@example.com", PASSWORD, 1)
    aside = target.accounts / other.account_id
    aside.mkdir(parents=True)
    with contextlib.closing(StateDb(aside / "state.db")) as store:
        store.found(other, founded.workspace_id, founded.first.encode())
    with contextlib.closing(StateDb(home.state_db)) as store:
        account = store.account()
        assert account is not None
        store.rewrite(account, msgspec.structs.replace(account, account_id=other.account_id))
    with _between(lambda stream: give_away(stream, home.root)) as (giver, refused):
        receive(giver, target)
        with pytest.raises(AccountExists):
            arrived_account(target)
    assert kept(target) == [other.account_id]
    assert isinstance(refused[0], MoveBrokenOff)
