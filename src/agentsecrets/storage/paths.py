"""Where things lie in the state folder, and whether that folder is safe to use."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from agentsecrets.errors import StateDamaged, StateUnwritable, UnsafeState
from agentsecrets.wire.home import LOCK_FILE

_PRIVATE = 0o700
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder of one user."""

    root: Path

    @property
    def state_db(self) -> Path:
        """Sealed records, ledger, bindings."""
        return self.root / "state.db"

    @property
    def audit_db(self) -> Path:
        """The log."""
        return self.root / "audit.db"

    @property
    def run(self) -> Path:
        """Sockets and locks of a running daemon."""
        return self.root / "run"

    @property
    def lock_file(self) -> Path:
        """Held locked by the one daemon of this home."""
        return self.root / LOCK_FILE

    @property
    def session_file(self) -> Path:
        """Token and port of the running proxy."""
        return self.root / "session.json"

    @property
    def config_file(self) -> Path:
        """Settings that outlive a daemon."""
        return self.root / "config.json"

    @property
    def accounts(self) -> Path:
        """A folder for each account that has been logged out."""
        return self.root / "accounts"

    @property
    def arriving(self) -> Path:
        """A vault from another state folder, until it was looked at."""
        return self.root / "arriving"

    @property
    def log_file(self) -> Path:
        """What the daemon says when it cannot say it otherwise."""
        return self.run / "daemon.log"

    def create(self) -> None:
        """Makes the folder; nobody but its owner may look into it.

        Raises:
            StateUnwritable: When it cannot be made.
            UnsafeState: When it exists and is not safe.
        """
        try:
            self.root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            self._finish_leaving()
            self.check()
            self.run.mkdir(mode=_PRIVATE, exist_ok=True)
            self.check()
            for folder in (self.root, self.run):
                folder.chmod(_PRIVATE)
        except OSError as failure:
            raise StateUnwritable(problem=failure.strerror or "unknown") from None

    def check(self) -> None:
        """Refuses a folder that someone else could have prepared or could change.

        Raises:
            UnsafeState: When a part is a symbolic link, belongs to another user, or others may write to it.
            StateDamaged: When there is a log but no state: it was lost, and must not be taken for a fresh folder.
        """
        beside = [Path(f"{database}{suffix}") for database in (self.state_db, self.audit_db) for suffix in ("", "-wal", "-shm", "-journal")]
        for path in (self.root, self.run, self.accounts, self.arriving, *beside, self.session_file, self.config_file, self.lock_file):
            _check(path)
        if self.audit_db.exists() and not (self.state_db.exists() and self.state_db.stat().st_size):
            raise StateDamaged

    def _finish_leaving(self) -> None:
        """An account's log that was left behind when a logout or login was cut off goes where its state is."""
        alone = self.audit_db.exists() and not self.state_db.exists()
        if alone and any(kept.samefile(self.audit_db) for kept in self.accounts.glob(f"*/{self.audit_db.name}")):
            self.audit_db.unlink()


def _check(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as failure:
        raise UnsafeState(problem=failure.strerror or "unknown", path=path) from None
    if stat.S_ISLNK(found.st_mode):
        raise UnsafeState(problem=f"{path} is a symbolic link", path=path)
    if found.st_uid != os.geteuid():
        raise UnsafeState(problem=f"{path} belongs to another user", path=path)
    if found.st_mode & _OTHERS_MAY_WRITE:
        raise UnsafeState(problem=f"others may write to {path}", path=path)
