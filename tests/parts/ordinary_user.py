"""An ordinary user of this machine, whom a test that runs as root becomes, and what such a user's programs try."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
_FIRST_UID, _UIDS = 60_500, 4_000


class OrdinaryUser:
    """A user whom no account database knows and who has no processes.

    Args:
        folder: Belongs to this user alone.
        uid: Number of user and group.
    """

    def __init__(self, folder: Path, uid: int) -> None:
        self.folder, self.uid = folder, uid

    @property
    def become(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that start a program as this user."""
        return {"user": self.uid, "group": self.uid, "extra_groups": []}

    def attack(self, deed: str, **arguments: Any) -> Any:
        """Runs one deed of ``tests.parts.attacker`` as this user, to its end; answers what it reports."""
        with self.attacking(deed, **arguments) as attacker:
            reported, complained = attacker.communicate(timeout=90)
        assert attacker.returncode == 0, complained.decode()
        return json.loads(reported)

    def attacking(self, deed: str, **arguments: Any) -> subprocess.Popen[bytes]:
        """Starts one deed; it ends when its standard input does."""
        command = [sys.executable, "-m", "tests.parts.attacker", deed, json.dumps(arguments)]
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            user=self.uid,
            group=self.uid,
            extra_groups=[],
        )


@contextmanager
def ordinary_user(*, other_than: int = 0, known: bool = False) -> Iterator[OrdinaryUser]:
    """A user with a folder; the folder is removed at the end.

    Args:
        other_than: A uid that this one must not be.
        known: Whether it is one of the account database, as a message bus wants it, instead of one whom nobody knows.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; run the tests as root, in a container for example")
    uid = next(uid for uid in (_known() if known else _candidates()) if uid != other_than and (known or _is_free(uid)))
    folder = Path(tempfile.mkdtemp(prefix="agentsecrets-", dir="/tmp"))
    os.chown(folder, uid, uid)
    try:
        user = OrdinaryUser(folder, uid)
        if subprocess.run([sys.executable, "-c", "import agentsecrets"], check=False, capture_output=True, **user.become).returncode:
            pytest.skip("the virtual environment or the source cannot be read by other users of this machine")
        yield user
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _candidates() -> Iterator[int]:
    """Numbers to try, beginning at another place in each process: test runs beside each other do not meet."""
    return (_FIRST_UID + (os.getpid() + step) % _UIDS for step in range(_UIDS))


def _known() -> list[int]:
    """Accounts of the system that have no processes."""
    owners = set(_owners_of_processes())
    return [account.pw_uid for account in pwd.getpwall() if account.pw_uid not in owners]


def _is_free(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return all(owner != uid for owner in _owners_of_processes())
    return False


def _owners_of_processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield int((entry / "status").read_text().split("\nUid:\t")[1].split()[0])
            except (OSError, IndexError):
                continue
