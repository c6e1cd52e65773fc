"""What the presence program is asked (JSON on descriptor 3) and what it answers (JSON on descriptor 4).

The answer is one of the ``…Done`` messages or a ``wire.failures`` document. A password or a value is in neither of them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

REQUEST_FD = 3
ANSWER_FD = 4
VALUE_FD = 5
"""Where ``deposit`` with ``source: "fd"`` reads the value."""

DEFAULT_IDLE_LOCK_S = 8 * 3600


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op"):
    """The base of all requests.

    Attributes:
        home: The state folder.
        password_stdin: Whether the password is the first line of standard input; else a terminal is asked.
        cwd: Folder of the command, for finding the project.
        project: Name or id given by flag or variable, empty for none.
        environment: Given by flag or variable, empty for none.
    """

    home: str
    password_stdin: bool = False
    cwd: str = ""
    project: str = ""
    environment: str = ""


class Init(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="init"):
    """Makes an account; an empty e-mail is asked for on the terminal. Ends with an unlocked daemon on ``port``."""

    email: str = ""
    protection: str = "guarded"
    port: int | None = None
    idle_lock_s: int = DEFAULT_IDLE_LOCK_S


class Unlock(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unlock"):
    """Starts a fresh daemon that holds the keys."""

    port: int | None = None
    idle_lock_s: int = DEFAULT_IDLE_LOCK_S


class HostAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One host as a person typed it: ``HOST[:PORT]``, and what is said beside it. ``ca`` is PEM text."""

    host: str
    private: tuple[str, ...] = ()
    ca: str = ""
    plain_http: bool = False


class AllowlistAdd(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="allowlist.add"):
    """Adds hosts to the allowlist."""

    hosts: tuple[HostAsked, ...]


class AllowlistRemove(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="allowlist.remove"):
    """Takes hosts, typed as ``HOST[:PORT]``, from the allowlist."""

    hosts: tuple[str, ...]


class Bind(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="bind"):
    """Says where a key may be used; replaces what was said before."""

    key: str
    hosts: tuple[str, ...]
    style: str
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Trust(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trust"):
    """Accepts the project file of a folder that someone else wrote."""

    folder: str


class Reveal(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reveal"):
    """Shows one value on standard output."""

    key: str


class Deposit(Ask, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="deposit"):
    """Stores a value that is read from a hidden prompt, from standard input, or from descriptor 5. Needs no password."""

    key: str
    source: Literal["tty", "stdin", "fd"]


Request = Init | Unlock | AllowlistAdd | AllowlistRemove | Bind | Trust | Reveal | Deposit


class DaemonStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``init`` and ``unlock``; ``fingerprint`` is of the account's identity."""

    email: str
    workspace: str
    fingerprint: str
    pid: int
    port: int


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of verbs that sign: each thing that now holds, in words."""

    shown: list[str]


class Deposited(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``deposit``: where the value lies now.

    Attributes:
        guessable: Whether the value has so little that cannot be guessed that its redaction mark may give it away.
    """

    key: str
    version: int
    email: str
    workspace: str
    project: str
    environment: str
    guessable: bool = False


class Revealed(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``reveal``: how many bytes were written to standard output."""

    bytes: int
