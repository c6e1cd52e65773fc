"""Takes a value from a person, a pipe or the command line, and hands it to the daemon."""

from __future__ import annotations

import os
from typing import Any

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of, deposit
from agentsecrets.daemon.terminal import Person

_STDIN = 0
_MOST_READ = 1 << 20


class _Asked(Asked, frozen=True, kw_only=True):
    key: str
    note: str = ""
    everywhere: bool = False
    value_fd: int = -1


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    account = account_of(asked)
    return deposit(asked, account, asked.key, _value(asked, person), note=asked.note, everywhere=asked.everywhere)


def _value(asked: _Asked, person: Person) -> bytes:
    if asked.value_fd >= 0:
        with os.fdopen(asked.value_fd, "rb") as source:
            read = source.read(_MOST_READ)
        return read.removesuffix(b"\n") if asked.value_fd == _STDIN else read  # a pipe from `echo` ends its line
    return person.secret(f"Value of {asked.key}").encode("utf-8", "surrogateescape")


DEED = Deed("deposit", _Asked, _perform)
