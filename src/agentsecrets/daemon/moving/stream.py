"""What giver and taker say to each other: short words, each with its length before it, and the bytes of two files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from agentsecrets.errors import AgentSecretsError, MoveBrokenOff, StateDamaged
from agentsecrets.storage.files import writing
from agentsecrets.wire.failures import from_json, to_json

_LONGEST_WORD = 1 << 14
_BLOCK = 1 << 18
_LENGTH_BYTES = 4
ABSENT = -1
"""In the place of the size of a file that is not there."""


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="word", tag=str.lower):
    """Something that one of them says."""


class Offer(Word, frozen=True, kw_only=True):
    """The sizes of the files that follow: the state, then the log."""

    state: int
    log: int


class Taken(Word, frozen=True, kw_only=True):
    """What has been put where it belongs: SHA-256 of the state and of the log, empty for a log that was not there."""

    state: str
    log: str


class Gone(Word, frozen=True, kw_only=True):
    """The giver has removed what it had given. ``items_left``: how many items its keychain did not let go."""

    items_left: int


class Refused(Word, frozen=True, kw_only=True):
    """The other cannot go on. ``failure``: as ``wire.failures`` writes it."""

    failure: msgspec.Raw


Heard = TypeVar("Heard", bound=Word)


class Stream:
    """One end of the conversation.

    Args:
        descriptor: One of a pair of sockets; it belongs to this object from now on.
        seconds: How long the other may keep silent, None for any time.
    """

    def __init__(self, descriptor: int, seconds: float | None) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._socket.settimeout(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, word: Word) -> None:
        """Says something.

        Raises:
            MoveBrokenOff: When nobody listens any more.
        """
        encoded = msgspec.json.encode(word)
        self._send(len(encoded).to_bytes(_LENGTH_BYTES) + encoded)

    def hear(self, kind: type[Heard]) -> Heard:
        """What the other says next.

        Raises:
            MoveBrokenOff: When it says nothing, or something else.
            AgentSecretsError: What it refuses, in its words and with our hint.
        """
        length = int.from_bytes(self._receive(_LENGTH_BYTES))
        if length > _LONGEST_WORD:
            raise MoveBrokenOff(problem="the other end does not speak as it should")
        try:
            word: Heard | Refused = msgspec.json.decode(self._receive(length), type=kind | Refused)
        except msgspec.MsgspecError:
            raise MoveBrokenOff(problem="the other end does not speak as it should") from None
        if isinstance(word, Refused):
            raise _theirs(from_json(bytes(word.failure)))
        return word

    def send_file(self, path: Path, size: int) -> str:
        """Sends a file of this very size, and answers its digest.

        Raises:
            MoveBrokenOff, StateUnwritable
        """
        digest = hashlib.sha256()
        for block in blocks(path, size):
            digest.update(block)
            self._send(block)
        return digest.hexdigest()

    def receive_file(self, path: Path, size: int) -> str:
        """Writes a file of this size, which was not there, for its owner alone and onto the disk; answers its digest.

        Raises:
            MoveBrokenOff, StateUnwritable
        """
        digest = hashlib.sha256()
        with writing(), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb") as file:
            while size:
                block = self._receive(min(size, _BLOCK))
                digest.update(block)
                file.write(block)
                size -= len(block)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()

    def _send(self, content: bytes) -> None:
        try:
            self._socket.sendall(content)
        except OSError:
            raise _gone() from None

    def _receive(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            try:
                part = self._socket.recv(length - len(received))
            except OSError:
                part = b""
            if not part:
                raise _gone()
            received += part
        return bytes(received)


@contextlib.contextmanager
def told(stream: Stream) -> Iterator[None]:
    """Also tells the other end what is refused within."""
    try:
        yield
    except AgentSecretsError as failure:
        with contextlib.suppress(MoveBrokenOff):
            stream.say(Refused(failure=msgspec.Raw(to_json(failure))))
        raise


def blocks(path: Path, size: int) -> Iterator[bytes]:
    """The bytes of a regular file, not through a link.

    Raises:
        StateDamaged: When it has another size meanwhile.
        StateUnwritable: When it cannot be read.
    """
    with writing(), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        while size:
            block = file.read(min(size, _BLOCK))
            if not block:
                raise StateDamaged
            size -= len(block)
            yield block
        if file.read(1):
            raise StateDamaged


def digest_of(path: Path) -> str:
    """The digest of a file as it is now, empty when it is not there. Raises StateDamaged, StateUnwritable."""
    digest = hashlib.sha256()
    try:
        size = path.lstat().st_size
    except FileNotFoundError:
        return ""
    for block in blocks(path, size):
        digest.update(block)
    return digest.hexdigest()


class _InTheirPlace(dict[str, str]):
    """The names of subjects, where nobody who is believed has told what they are."""

    def __missing__(self, name: str) -> str:
        return name.upper()


def _theirs(said: AgentSecretsError) -> AgentSecretsError:
    """What the other end refuses, as root may read it: the user's process could be made to say anything, and a hint is a command to run."""
    return AgentSecretsError.in_words(said.slug, f"the other end of the move says: {said.message}", said.mend.format_map(_InTheirPlace()))


def _gone() -> MoveBrokenOff:
    return MoveBrokenOff(problem="the other end has gone")
