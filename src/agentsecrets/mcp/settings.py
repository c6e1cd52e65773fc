"""One settings file of an AI tool: read within bounds, edited in its own language, replaced in one step and never blindly."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentsecrets.errors import SettingsUnreadable, SettingsUnwritable
from agentsecrets.mcp.formats import BY_NAME
from agentsecrets.mcp.formats.format import Format, Unreadable, reached, with_member, without_empty
from agentsecrets.mcp.formats.format import Path as Names

_LIMIT = 16 << 20
_PRIVATE = 0o600
_TRIES = 5
BACKUP = ".agentsecrets.bak"


@dataclass(frozen=True, slots=True)
class Settings:
    """A settings file.

    Attributes:
        path: Where it lies; a link is followed, so that it stays one.
        language: ``json``, ``toml`` or ``yaml``.
        names: Where in it our entry stands.
        within: The folder that the file must lie in, None for any: a repository could hold a link that leads out of it.
    """

    path: Path
    language: str
    names: Names
    within: Path | None = None

    @property
    def _format(self) -> Format:
        return BY_NAME[self.language]

    def entry(self) -> Any:
        """Our entry, None when there is none.

        Raises:
            SettingsUnreadable
        """
        text = self._text()
        with self._told():
            return reached(self._format.read(text), self.names)

    def put(self, member: dict[str, Any]) -> None:
        """Writes our entry.

        Raises:
            SettingsUnreadable, SettingsUnwritable
        """
        self._edit(member, lambda text: self._format.put(text, self.names, member))

    def remove(self) -> None:
        """Takes our entry out.

        Raises:
            SettingsUnreadable, SettingsUnwritable
        """
        self._edit(None, lambda text: self._format.remove(text, self.names))

    def _edit(self, member: dict[str, Any] | None, edited: Any) -> None:
        for _ in range(_TRIES):
            text = self._text()
            with self._told():
                wanted = with_member(self._format.read(text), self.names, member)
                fresh = edited(text)
                if without_empty(self._format.read(fresh), self.names) != without_empty(wanted, self.names):
                    raise Unreadable(0)  # an edit that would mean anything else is not written
            if self._text() == text:  # the tool itself may write this file at any time
                self._replace(fresh)
                return
        raise SettingsUnwritable(path=self.path, problem="another program goes on changing it")

    @contextlib.contextmanager
    def _told(self) -> Any:
        try:
            yield
        except Unreadable as problem:
            where = f"line {problem.line} of {self.path}" if problem.line else str(self.path)
            raise SettingsUnreadable(where=where) from None

    def _text(self) -> str:
        try:
            known = self.path.stat()
            if known.st_size > _LIMIT or not stat.S_ISREG(known.st_mode):
                raise SettingsUnreadable(where=str(self.path))
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise SettingsUnreadable(where=str(self.path)) from None

    def _replace(self, text: str) -> None:
        target = Path(os.path.realpath(self.path))
        if self.within is not None and not target.is_relative_to(os.path.realpath(self.within)):
            raise SettingsUnwritable(path=self.path, problem="it is a link that leads out of this folder")
        try:
            mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _PRIVATE
            if not mode & stat.S_IWUSR:
                raise SettingsUnwritable(path=self.path, problem="it is read-only")
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                _write(target.with_name(target.name + BACKUP), target.read_bytes(), mode)
            _write(target, text.encode(), mode)
        except OSError as failure:
            raise SettingsUnwritable(path=self.path, problem=failure.strerror or "unknown") from None


def _write(target: Path, content: bytes, mode: int) -> None:
    """Writes a whole file or nothing, readable by those who could read it before."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
