"""How many connections this process can hold."""

from __future__ import annotations

import resource

_WANTED = 32_768
_OTHERS = 2_048
"""Descriptors for calls under way, idle upstream connections, stores and the system's resolver."""


def most_clients() -> int:
    """Raises the limit of open files as far as the system lets it; answers how many clients may then be connected at once.

    Source: setrlimit(2), RLIMIT_NOFILE. Login sessions begin with 1,024, and each call takes two.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    room = _WANTED if soft == resource.RLIM_INFINITY else soft
    return max(room - _OTHERS, room // 2)
