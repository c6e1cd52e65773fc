"""What root runs on a machine with a service: the service's own program, as the service's user."""

import os

from agentsecrets.wire import service

_KEPT = (
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "AGENTSECRETS_WORKSPACE",
    "AGENTSECRETS_PROJECT",
    "AGENTSECRETS_ENVIRONMENT",
    "AGENTSECRETS_ENV",
    "AS_ENV",
    "AGENTSECRETS_AGENT_ID",
)
"""Variables that say how to answer and which place is meant; no other reaches a program of the service."""


def be_service_user(words: list[str]) -> None:
    """Starts this command again in place of this process: root's copy, as the service's user. Returns where there is no service.

    Args:
        words: The command line without the program's name.

    Raises:
        ServiceBroken
    """
    found = service.installed()
    if found is None:
        return
    program = f"{service.PROGRAM}/bin/python"
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
    variables |= {"HOME": service.STATE, "PATH": "/usr/bin:/bin"}
    try:
        become(found)
        os.execve(program, [program, "-I", "-P", "-m", "agentsecrets.cli", *words], variables)  # noqa: S606  (our own program, no shell)
    except OSError as failure:
        from agentsecrets.errors import ServiceBroken

        raise ServiceBroken(path=program, problem=failure.strerror or "it cannot be run") from None


def become(found: service.Service) -> None:
    """Gives up root for the service's user and group, for good."""
    os.setgroups([])
    os.setresgid(found.gid, found.gid, found.gid)
    os.setresuid(found.uid, found.uid, found.uid)
