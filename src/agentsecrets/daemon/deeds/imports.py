"""Reads names and values from a file that the command has opened, and hands them to the daemon in one piece."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of, deposit_all
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import FileUnreadable
from agentsecrets.storage.collected import FILE_LIMIT, Collected
from agentsecrets.storage.dotenv import read_dotenv
from agentsecrets.storage.flat_json import read_flat_json

_FORMATS: dict[str, Callable[[bytes], Collected]] = {"env": read_dotenv, "json": read_flat_json}


class _Asked(Asked, frozen=True, kw_only=True):
    """A request to import.

    Attributes:
        path: What the file is called, for words only.
        format: ``env`` or ``json``.
        existing: What becomes of names that have a value already: ``refuse``, ``overwrite`` or ``skip``.
        dry_run: Whether to answer the names and store nothing.
        value_fd: Descriptor of the opened file.
    """

    path: str
    format: Literal["env", "json"]
    existing: str
    dry_run: bool = False
    value_fd: int


def _perform(asked: _Asked, _: Person) -> dict[str, Any]:
    account = account_of(asked)
    collected = _FORMATS[asked.format](_content(asked))
    empty = {"empty": sorted(collected.empty)}
    if not collected.entries or asked.dry_run:
        return {"names": [key for key, _ in collected.entries]} | empty
    return deposit_all(asked, account, collected.entries, asked.existing) | empty


def _content(asked: _Asked) -> bytes:
    try:
        with os.fdopen(asked.value_fd, "rb") as source:
            return source.read(FILE_LIMIT + 1)
    except OSError as failure:
        raise FileUnreadable(path=asked.path, problem=failure.strerror or "unknown") from None


DEED = Deed("import", _Asked, _perform)
