"""Values, passwords and tokens that stand nowhere else, and the search for them in every form."""

from __future__ import annotations

import base64
import os
import re
import secrets
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote_from_bytes

_LARGEST = 16 << 20


def _base64(raw: bytes) -> Iterator[bytes]:
    """What stands in base64 of a longer text for this part of it, wherever it begins."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(b"\0" * before + raw)
            yield whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def forms(secret: str) -> set[bytes]:
    """How a secret could stand somewhere: plain, in UTF-16, in base64 at any place, in hexadecimal, percent-encoded, backwards."""
    raw = secret.encode()
    digits = raw.hex()
    percent = "".join(f"%{byte:02X}" for byte in raw)
    plain = {raw, raw[::-1], secret.encode("utf-16-le"), digits.encode(), digits.upper().encode()}
    return plain | {*_base64(raw), percent.encode(), percent.lower().encode(), quote_from_bytes(raw, safe="").encode()}


class Canaries:
    """Secrets by name, each of them random.

    Attributes:
        secrets: Name → secret.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[bytes]] = {}

    def new(self, name: str) -> str:
        """A fresh one, with characters that every encoding writes differently."""
        return self.add(name, f"{name.lower()}/{secrets.token_hex(10)}+{secrets.token_urlsafe(9)}=")

    def add(self, name: str, secret: str) -> str:
        """One that the product has made, such as a token."""
        self.secrets[name] = secret
        self._patterns[name] = re.compile(b"|".join(re.escape(form) for form in sorted(forms(secret))))
        return secret

    def found(self, content: bytes, *, but_for: Iterable[str] = ()) -> list[str]:
        """The names of those that stand in some bytes."""
        return [name for name, pattern in list(self._patterns.items()) if name not in but_for and pattern.search(content)]

    def in_files(self, roots: Iterable[Path], since: float = 0.0) -> dict[str, list[str]]:
        """The files below some folders that hold one, by path; what is not regular or older is left out."""
        held = {}
        for root in roots:
            for path in root.rglob("*"):
                try:
                    if path.is_symlink() or not path.is_file() or path.stat().st_mtime < since or path.stat().st_size > _LARGEST:
                        continue
                    found = self.found(path.read_bytes())
                except OSError:  # gone meanwhile, or of another user
                    continue
                if found:
                    held[str(path)] = found
        return held


class ProcessWatch:
    """Reads what every process that begins meanwhile shows of itself, over and over, while it is entered.

    Args:
        canaries: What is searched for.
        period: Seconds between two rounds.

    Attributes:
        hits: Name of a canary, ``cmdline`` or ``environ``, and the command line of the process.
        programs: Every command line that was seen.
    """

    def __init__(self, canaries: Canaries, period: float = 0.005) -> None:
        self.hits: set[tuple[str, str, str]] = set()
        self.programs: set[str] = set()
        self._canaries, self._period, self._ended = canaries, period, threading.Event()
        self._older = _processes()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def saw(self, name: str, kind: str) -> bool:
        """Whether some process showed a canary so far, in its ``cmdline`` or its ``environ``."""
        return any(hit[:2] == (name, kind) for hit in self.hits.copy())

    def _watch(self) -> None:
        while not self._ended.wait(self._period):
            running = _processes()
            self._older &= running
            for process in running - self._older:
                self._look(Path("/proc", process))

    def _look(self, process: Path) -> None:
        before, environ, after = (_shown(process, kind) for kind in ("cmdline", "environ", "cmdline"))
        program = (after or before).replace(b"\0", b" ").decode("utf-8", "replace").strip()  # empty while it begins or ends
        self.programs.add(program)
        for kind, content in (("cmdline", before + after), ("environ", environ)):
            self.hits |= {(name, kind, program) for name in self._canaries.found(content)}


def _shown(process: Path, kind: str) -> bytes:
    try:
        return (process / kind).read_bytes()
    except OSError:  # it has ended, or belongs to somebody else
        return b""


def _processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdecimal()}  # noqa: PTH208  (names are all that is wanted, and often)
