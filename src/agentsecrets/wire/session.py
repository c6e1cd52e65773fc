"""The session file: how programs of the same user prove to the proxy that they may enter."""

from __future__ import annotations

import hmac
import re
import secrets

import msgspec

from agentsecrets.errors import FormatUnknown
from agentsecrets.model.statement import read_json

TOKEN_PREFIX = "as_sess_"  # noqa: S105  (how every token begins)
_TOKEN_BYTES = 32
_TOKEN = re.compile(rf"{TOKEN_PREFIX}[0-9a-f]{{{2 * _TOKEN_BYTES}}}")
_PORTS = range(1, 65536)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What ``session.json`` says.

    Attributes:
        token: ``as_sess_`` and 64 hexadecimal digits.
        port: Where the proxy listens on loopback.
    """

    token: str
    port: int

    def __repr__(self) -> str:
        return f"<Session port={self.port}>"

    def encode(self) -> bytes:
        """The bytes of the file."""
        return msgspec.json.encode(self) + b"\n"

    def admits(self, token: bytes) -> bool:
        """Whether a token is this session's, in constant time."""
        return hmac.compare_digest(self.token.encode(), token)


def new_token() -> str:
    """A fresh session token: 256 random bits."""
    return TOKEN_PREFIX + secrets.token_hex(_TOKEN_BYTES)


def read_session(content: bytes) -> Session:
    """Reads the file.

    Raises:
        FormatUnknown: When it is not what ``encode`` writes.
    """
    session = read_json(content, Session, "session file")
    if _TOKEN.fullmatch(session.token) is None or session.port not in _PORTS:
        raise FormatUnknown(kind="session file")
    return session
