"""What other users may have of a daemon that runs as the service of a machine."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import pwd
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from agentsecrets.errors import PeerRefused, ServiceBroken, StateUnwritable
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Peer
from agentsecrets.wire.service import MARKER, SHARED, Service
from agentsecrets.wire.socket_path import NAME

MEMBERS_MAY = frozenset(
    {
        "/v1/status",
        "/v1/status/shown",
        "/v1/call",
        "/v1/session",
        "/v1/place",
        "/v1/projects",
        "/v1/workspace",
        "/v1/workspaces",
        "/v1/environments",
        "/v1/names",
        "/v1/secrets",
        "/v1/secrets/shown",
        "/v1/secrets/coverage",
        "/v1/secrets/history",
        "/v1/bindings/list",
        "/v1/requests",
        "/v1/requests/ask",
        "/v1/allowlist",
        "/v1/allowlist/log",
        "/v1/log",
        "/v1/log/verify",
    }
)
"""Verbs for members of the service's group: to make calls, to ask a person for a secret, and to read names and the log."""

_REFRESH_SECONDS = 10.0


def bind_shared(service: Service) -> socket.socket:
    """Binds the socket for members, whatever was left at its path.

    The kernel refuses everybody who is not in the group: connecting takes the right to write (unix(7)).

    Args:
        service: Whose group.

    Raises:
        StateUnwritable: When the folder that root makes for it is not there.
        ServiceBroken: When this process is not in that group.
    """
    if os.getegid() != service.gid:
        raise ServiceBroken(path=MARKER, problem="its group is not that of the daemon")
    folder = Path(SHARED, "run")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        (folder / NAME).unlink(missing_ok=True)
        listener.bind(str(folder / NAME))
        (folder / NAME).chmod(0o660)
    except OSError as failure:
        listener.close()
        raise StateUnwritable(problem=failure.strerror or "unknown") from None
    listener.listen(128)
    listener.setblocking(False)
    return listener


def shared_admission(head: RequestHead, peer: Peer) -> None:  # noqa: ARG001  (the signature of all admissions)
    """The kernel has let only members in; somebody whom it does not name is refused.

    Raises:
        PeerRefused
    """
    if peer.uid is None:
        raise PeerRefused


class Members:
    """The users in the service's group, for the port, where the kernel cannot ask for a group.

    Args:
        service: Whose group; None when no service runs here, and nobody is a member.
    """

    def __init__(self, service: Service | None) -> None:
        self._gid = service.gid if service else None
        self._uids = self._read()

    def __contains__(self, uid: object) -> bool:
        return uid in self._uids

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Looks again every few seconds, in a thread: the account database may be a network away."""
        following = None if self._gid is None else asyncio.create_task(self._follow())
        try:
            yield
        finally:
            if following:
                following.cancel()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            self._uids = await asyncio.to_thread(self._read)

    def _read(self) -> frozenset[int]:
        if self._gid is None:
            return frozenset()
        try:
            names = grp.getgrgid(self._gid).gr_mem
        except KeyError:
            return frozenset()
        return frozenset(uid for name in names if (uid := _uid(name)) is not None)


def _uid(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None
