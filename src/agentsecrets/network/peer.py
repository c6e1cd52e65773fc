"""Which user is at the other end of a loopback connection."""

from __future__ import annotations

import socket
import struct
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address

_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NETLINK_SOCK_DIAG = 4
_TCP_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_ID = struct.Struct("!HH16s16s")
_ID_REST = struct.Struct("=III")
_ANSWER_UID = struct.Struct("=II")
_ANSWER_HEAD = 4
_ID_BYTES = 48
_NO_COOKIE = 0xFFFFFFFF
_V4 = 4
_MAPPED = bytes(10) + b"\xff\xff"

Endpoint = tuple[str, int]
"""Address and port as a socket names them."""

IPAddress = IPv4Address | IPv6Address
End = tuple[IPAddress, int]


def uid_of_tcp_peer(ours: Endpoint, theirs: Endpoint) -> int | None:
    """The user who owns the other end of an accepted loopback connection, or None when that is not certain.

    Args:
        ours: Address and port of our end.
        theirs: Address and port of the peer's end.

    Source: Linux sock_diag(7): one exact look-up of the peer's socket by its 4-tuple; it must be ESTABLISHED and have an inode.
    """
    if not sys.platform.startswith("linux"):
        return None
    source, destination = _plain(theirs), _plain(ours)
    try:
        answer = _ask(source, destination)
    except OSError:
        return None
    return _read(answer, source, destination)


def _plain(end: Endpoint) -> tuple[IPAddress, int]:
    """An end without zone, and as IPv4 when it is that, mapped into IPv6 by a socket that speaks both."""
    address = ip_address(end[0].partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address), end[1]


def _ask(source: End, destination: End) -> bytes:
    family = socket.AF_INET if source[0].version == _V4 else socket.AF_INET6
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _TCP_ESTABLISHED) + _identity(family, source, destination)
    message = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + request
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(0.2)
        netlink.sendto(message, (0, 0))
        return netlink.recv(4096)


def _identity(family: int, source: End, destination: End) -> bytes:
    ends = (_packed(family, source[0]), _packed(family, destination[0]))
    return _ID.pack(source[1], destination[1], *ends) + _ID_REST.pack(0, _NO_COOKIE, _NO_COOKIE)


def _packed(family: int, address: IPAddress) -> bytes:
    if family == socket.AF_INET6 and address.version == _V4:
        return _MAPPED + address.packed
    return address.packed.ljust(16, b"\0")


def _read(answer: bytes, source: End, destination: End) -> int | None:
    """Reads an ``inet_diag_msg`` (linux/inet_diag.h). A socket of IPv6 that speaks IPv4 is reported with mapped addresses."""
    if len(answer) < _HEADER.size + _ANSWER_HEAD + _ID_BYTES + 20:
        return None
    kind = _HEADER.unpack_from(answer)[1]
    family, state = answer[_HEADER.size], answer[_HEADER.size + 1]
    identity = answer[_HEADER.size + _ANSWER_HEAD :][: _ID.size]
    uid, inode = _ANSWER_UID.unpack_from(answer, _HEADER.size + _ANSWER_HEAD + _ID_BYTES + 12)
    exact = identity == _identity(family, source, destination)[: _ID.size]
    if kind != _SOCK_DIAG_BY_FAMILY or state != _TCP_ESTABLISHED or inode == 0 or not exact:
        return None
    return int(uid)
