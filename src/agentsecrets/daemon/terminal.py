"""Asking a person, on the terminal itself or, for set-up scripts, on standard input."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import termios
from collections.abc import Iterator

from agentsecrets.errors import LineTooLong, NoTerminal

_LONGEST = 1 << 17
_TERMINAL_LINE = 4_095 if sys.platform.startswith("linux") else 1_023
"""Bytes of a line that a terminal passes on; it drops what goes beyond without a word.

Source: termios(3), canonical mode; MAX_CANON on macOS and BSD.
"""


class Person:
    """Whoever is to be asked.

    Args:
        stdin: Read answers from standard input, a line each, and show nothing.
        first: What to show before the first question, empty for nothing.
    """

    def __init__(self, *, stdin: bool, first: str = "") -> None:
        self._stdin, self._first = stdin, first

    def show(self, text: str) -> None:
        """Shows what will be signed."""
        if not self._stdin:
            with _terminal("a person") as terminal:
                os.write(terminal, f"{text}\r\n".encode())

    def answer(self, prompt: str) -> str:
        """Asks for something that everybody may see; a script is not asked, and has no answer."""
        if self._stdin:
            return ""
        with _terminal("a person") as terminal:
            os.write(terminal, f"{prompt}: ".encode())
            return _line(terminal).strip()

    def secret(self, prompt: str) -> str:
        """Asks for a password or value without echo.

        Raises:
            NoTerminal
            LineTooLong: When the terminal may have dropped a part of it.
        """
        if self._stdin:
            return _line(sys.stdin.fileno())
        with _terminal("the account password") as terminal, _silent(terminal):
            said, self._first = f"{self._first}\r\n" if self._first else "", ""
            os.write(terminal, f"{said}{prompt}: ".encode())
            answer = _line(terminal)
            os.write(terminal, b"\r\n")
            if len(os.fsencode(answer)) >= _TERMINAL_LINE:
                raise LineTooLong
            return answer


def printable(word: bytes) -> str:
    """A word of somebody else's choosing as it may stand on a terminal: quoted for a shell, and without a character that moves or hides."""
    text = word.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_escaped(letter) for letter in text) + "'"


def quoted(word: str) -> str:
    """The same of a word that came as text, whatever bytes it stands for."""
    return printable(word.encode("utf-8", "surrogateescape"))


def _escaped(letter: str) -> str:
    if letter in "'\\":
        return "\\" + letter
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")


@contextlib.contextmanager
def _terminal(what: str) -> Iterator[int]:
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise NoTerminal(what=what, flag="--password-stdin") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _silent(terminal: int) -> Iterator[None]:
    before = termios.tcgetattr(terminal)
    silent = termios.tcgetattr(terminal)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _line(descriptor: int) -> str:
    """Reads up to a line end, byte by byte: what follows belongs to someone else."""
    read = b""
    while len(read) < _LONGEST and (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        read += byte
    return read.decode("utf-8", "surrogateescape").removesuffix("\r")
