"""Who may enter, judged by the head of a request before any byte of its body is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Container

import msgspec

from agentsecrets.errors import BrowserRefused, HostRefused, PeerRefused, UnknownCaller, UnknownToken
from agentsecrets.network.http1.familiar import FoundInHeads
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Peer
from agentsecrets.wire import headers

_BROWSER_FIELDS = frozenset({b"origin", b"sec-fetch-site", b"sec-fetch-dest"})
"""Any of these comes from a web page (Fetch standard, Fetch Metadata); Node's fetch sends only Sec-Fetch-Mode."""

_AGENT_TOKEN = headers.AGENT_TOKEN.lower().encode()
_SESSION_TOKEN = headers.SESSION_TOKEN.lower().encode()
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class _Shown(msgspec.Struct, frozen=True):
    """What a head shows that may enter if whoever sent it may.

    Attributes:
        token: The session token, None for none.
        harmless: Whether it asks for what anybody may have.
    """

    token: bytes | None
    harmless: bool

    def __repr__(self) -> str:
        return "<_Shown>"


class DataPlaneAdmission:
    """The rules of the TCP port.

    Args:
        port: The port that ``Host`` must name.
        is_session_token: Compares a token in constant time.
        trusts_same_user: Whether a peer of this user enters without a token; never when the daemon is root.
        members: Other users who enter without a token.
    """

    def __init__(
        self, port: int, is_session_token: Callable[[bytes], bool], *, trusts_same_user: bool, members: Container[int] = frozenset()
    ) -> None:
        self._judged: FoundInHeads[_Shown] = FoundInHeads()
        self._hosts = frozenset(f"{host}:{port}".encode() for host in _LOOPBACK)
        self._port = port
        self._is_session_token = is_session_token
        self._trusts_same_user, self._members = trusts_same_user, members

    def __call__(self, head: RequestHead, peer: Peer) -> None:
        """Refuses what may not enter.

        Raises:
            HostRefused, BrowserRefused, UnknownCaller, UnknownToken
        """
        shown = self._judged.get(head) or self._judged.keep(head, self._judge(head))
        if shown.harmless:
            return
        if not (self._knows(peer.uid) if shown.token is None else self._is_session_token(shown.token)):
            raise UnknownCaller

    def _judge(self, head: RequestHead) -> _Shown:
        """All that hangs on the head alone."""
        hosts = head.get(b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts or not head.target.startswith(b"/"):
            raise HostRefused(port=self._port)
        if head.method == "OPTIONS" or not _BROWSER_FIELDS.isdisjoint(head.index):
            raise BrowserRefused
        if head.target == b"/health":
            return _Shown(None, harmless=True)
        if head.get(_AGENT_TOKEN):
            raise UnknownToken
        tokens = head.get(_SESSION_TOKEN)
        if len(tokens) > 1:
            raise UnknownCaller
        return _Shown(tokens[0] if tokens else None, harmless=False)

    def _knows(self, uid: int | None) -> bool:
        return uid is not None and self._trusts_same_user and (uid == os.geteuid() or uid in self._members)


def control_plane_admission(head: RequestHead, peer: Peer) -> None:  # noqa: ARG001  (the signature of all admissions)
    """Only the daemon's own user speaks to the control socket.

    Raises:
        PeerRefused
    """
    if peer.uid != os.geteuid():
        raise PeerRefused
