"""Who is at the other end of a Unix socket, as the kernel has it: who connected, or who had called listen.

Only ``sys`` and ``_socket`` are loaded here: clients ask before they send anything.
"""

import _socket
import sys

_UCRED_BYTES = 12
_XUCRED_LEVEL, _XUCRED, _XUCRED_BYTES = 0, 1, 76


def user_of(connection: _socket.socket) -> int:
    """The user at the other end.

    Source: unix(7), SO_PEERCRED; on macOS sys/un.h, LOCAL_PEERCRED.
    """
    if sys.platform.startswith("linux"):
        return _ucred(connection)[1]
    return _numbers(connection.getsockopt(_XUCRED_LEVEL, _XUCRED, _XUCRED_BYTES))[1]


def process_of(connection: _socket.socket) -> int:
    """The process at the other end; on Linux only."""
    return _ucred(connection)[0]


def _ucred(connection: _socket.socket) -> list[int]:
    """Process, user and group: ``struct ucred``."""
    return _numbers(connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _UCRED_BYTES))


def _numbers(octets: bytes) -> list[int]:
    return [int.from_bytes(octets[at : at + 4], sys.byteorder) for at in range(0, len(octets), 4)]
