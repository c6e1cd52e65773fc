"""Accounts that have been logged out: their sealed files lie in a folder of their own, until they come back or for good.

A file gets its second name before it loses the first, and the state moves last: a crash leaves the account in force, or set aside, or with
its log under both names, which ``Home.create`` puts right. A file is never copied.
"""

from __future__ import annotations

import time
from pathlib import Path

from agentsecrets.errors import StateUnwritable
from agentsecrets.storage.files import sync_folder, writing
from agentsecrets.storage.paths import Home

_PRIVATE = 0o700
_BESIDE = ("-wal", "-shm", "-journal")

LOOKING_SECONDS = 2.0
"""How long a program may have a database open only to look into it, as the keeper of the service does whenever its daemon has ended."""

_BETWEEN_LOOKS = 0.01


def kept(home: Home) -> list[str]:
    """Ids of the accounts that are set aside."""
    return sorted(path.parent.name for path in home.accounts.glob(f"*/{home.state_db.name}"))


def kept_state(home: Home, account_id: str) -> Path:
    """Where the state of an account lies that is set aside."""
    return home.accounts / account_id / home.state_db.name


def set_aside(home: Home, account_id: str) -> Path:
    """Moves the account in force into a folder of its own; no program may have its files open.

    Returns:
        That folder.

    Raises:
        StateUnwritable: When the disk refuses, or another account lies there under this id.
    """
    folder = home.accounts / account_id
    with writing():
        for needed in (home.accounts, folder):
            needed.mkdir(mode=_PRIVATE, exist_ok=True)
        check_closed(home)
        for file in (home.audit_db, home.state_db):
            _link(file, folder / file.name)
        sync_folder(folder)
        _remove(home.state_db, home.audit_db, home.session_file)
        sync_folder(home.root)
    return folder


def bring_back(home: Home, account_id: str) -> None:
    """Puts an account in force again that was set aside. None may be in force: the state that lies there must hold no account.

    Raises:
        StateUnwritable
    """
    folder = home.accounts / account_id
    with writing():
        _remove(*_with_beside(home.state_db))
        for file in (home.audit_db, home.state_db):
            _link(folder / file.name, file)
        sync_folder(home.root)
        _remove(*(folder / file.name for file in (home.state_db, home.audit_db)))
        folder.rmdir()


def begin_arrival(home: Home) -> None:
    """Makes an empty folder for a vault that comes from elsewhere.

    Raises:
        StateUnwritable
    """
    drop_arrived(home)
    with writing():
        home.arriving.mkdir(mode=_PRIVATE)


def drop_arrived(home: Home) -> None:
    """Deletes what has arrived and was not taken, if anything is there. Raises StateUnwritable."""
    _drop(home.arriving, home)


def put_arrived_aside(home: Home, account_id: str) -> None:
    """Makes a vault that has arrived from elsewhere one that is set aside, instead of an older copy of that account, if there was one.

    Raises:
        StateUnwritable
    """
    drop_aside(home, account_id)
    with writing():
        home.accounts.mkdir(mode=_PRIVATE, exist_ok=True)
        home.arriving.rename(home.accounts / account_id)
        sync_folder(home.accounts)
        sync_folder(home.root)


def drop_aside(home: Home, account_id: str) -> None:
    """Deletes the copy of an account that is set aside, if there is one: for whoever has a newer one in hand.

    Raises:
        StateUnwritable
    """
    _drop(home.accounts / account_id, home)


def erase(home: Home) -> None:
    """Deletes the account in force for good, its log first: what is left after a crash is an account, not a log without one.

    Raises:
        StateUnwritable
    """
    with writing():
        for database in (home.audit_db, home.state_db):
            _remove(*_with_beside(database))
        _remove(home.session_file)
        sync_folder(home.root)


def _with_beside(database: Path) -> list[Path]:
    return [database.with_name(f"{database.name}{suffix}") for suffix in (*_BESIDE, "")]


def check_closed(home: Home) -> None:
    """What still stands in a write-ahead log would be left behind; whoever only looks into a database folds it a moment later.

    Raises:
        StateUnwritable: When it still stands there ``LOOKING_SECONDS`` later.
    """
    given_up = time.monotonic() + LOOKING_SECONDS
    while not (_is_closed(home.state_db) and _is_closed(home.audit_db)):
        if time.monotonic() >= given_up:
            raise StateUnwritable(problem="another program holds a database in it")
        time.sleep(_BETWEEN_LOOKS)


def _is_closed(database: Path) -> bool:
    try:
        return not database.with_name(f"{database.name}-wal").stat().st_size
    except FileNotFoundError:
        return True


def _drop(folder: Path, home: Home) -> None:
    with writing():
        for file in (home.audit_db, home.state_db):
            _remove(*_with_beside(folder / file.name))
        if folder.exists():
            folder.rmdir()


def _link(file: Path, to: Path) -> None:
    if not file.exists():
        return
    try:
        to.hardlink_to(file)
    except FileExistsError:
        if not to.samefile(file):
            raise StateUnwritable(problem=f"{to} is there already, and of another account") from None


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
