"""A daemon that waits for its keys, made by the keeper of the service instead of this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agentsecrets.daemon.waiting import WaitingDaemon
from agentsecrets.errors import ServiceSilent
from agentsecrets.wire.home import READY
from agentsecrets.wire.service import KEEPER_SOCKET, STATE

_SECONDS = 10.0


class KeptDaemon(WaitingDaemon):
    """The same from outside; it is a child of the keeper, so it lives in the sandbox of the service and outlives this person's session.

    Args:
        flags: How it is to be started.

    Raises:
        ServiceSilent: When no keeper answers.
    """

    def __init__(self, flags: Sequence[str]) -> None:
        self._ours, theirs = socket.socketpair()
        self._said, told = os.pipe()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as keeper:
                keeper.settimeout(_SECONDS)
                keeper.connect(str(Path(STATE, "run", KEEPER_SOCKET)))
                socket.send_fds(keeper, [msgspec.json.encode(list(flags))], [theirs.fileno(), told])
                made = keeper.recv(len(READY)) == READY
        except OSError:
            made = False
        finally:
            theirs.close()
            os.close(told)
        if not made:
            self._ours.close()
            os.close(self._said)
            raise ServiceSilent
