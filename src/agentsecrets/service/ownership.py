"""The user and the group of the service, and who may use it."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from agentsecrets.errors import BadUsage, NoSuchUser, ServiceUserTaken, UnsafeState
from agentsecrets.service.step import Step
from agentsecrets.service.system import run
from agentsecrets.wire.service import STATE, USER, Service

_PRIVATE = 0o700
_NOLOGIN = "/usr/sbin/nologin"
_ROOTS_GROUPS = ("sudo", "wheel", "admin", "docker", "lxd", "incus-admin", "libvirt", "disk")
_NO_SHELLS = (_NOLOGIN, "/sbin/nologin", "/bin/false", "/usr/bin/false")


def owner() -> Service:
    """The user and the group, as the account database has them.

    Raises:
        ServiceUserTaken: When they are missing, or somebody else's.
    """
    user, group = _user(), _group()
    if user is None or group is None:
        raise ServiceUserTaken(user=USER, problem="one is there without the other")
    return Service(user.pw_uid, group.gr_gid)


def members() -> list[str]:
    """Names of the users who may use the service."""
    group = _group()
    return sorted(group.gr_mem) if group else []


def check_users(names: Iterable[str]) -> None:
    """Refuses names that cannot be members.

    Raises:
        NoSuchUser, BadUsage
    """
    for name in names:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise NoSuchUser(user=name) from None
        if found.pw_uid == 0 or name == USER:
            raise BadUsage(problem=f"{name} needs no place in the group")


def owning(names: Iterable[str]) -> Iterator[Step]:
    """The steps that make user, group and state folder, and let users use the service.

    Args:
        names: Users of this machine.

    Raises:
        ServiceUserTaken: When the name is somebody else's already.
    """
    _user()
    yield Step(f"make the group {USER}", lambda: _group() is not None, lambda: run("groupadd", "--system", USER))
    yield Step(
        f"make the user {USER}, who has no password and no shell",
        lambda: _user() is not None,
        lambda: run(
            "useradd",
            "--system",
            "--gid",
            USER,
            "--no-create-home",
            "--home-dir",
            STATE,
            "--shell",
            _NOLOGIN,
            "--comment",
            "AgentSecrets",
            USER,
        ),
    )
    for name in names:
        yield Step(
            f"let {name} use the service (from the next login of {name})",
            lambda name=name: name in members(),  # type: ignore[misc]
            lambda name=name: run("usermod", "--append", "--groups", USER, name),  # type: ignore[misc]
        )
    yield Step(f"make {STATE}, for {USER} alone", _state_is_made, _make_state)


def giving_up() -> Iterator[Step]:
    """The steps that remove user and group."""
    yield Step(f"remove the user {USER}", lambda: _user() is None, lambda: run("userdel", USER))
    yield Step(f"remove the group {USER}", lambda: _group() is None, lambda: run("groupdel", USER))


def _user() -> pwd.struct_passwd | None:
    try:
        found = pwd.getpwnam(USER)
    except KeyError:
        return None
    group = _group()
    problems = {
        "it is root": found.pw_uid == 0,
        "it can log in": found.pw_shell not in _NO_SHELLS,
        f"its home is not {STATE}": found.pw_dir != STATE,
        "its group is another one": group is None or found.pw_gid != group.gr_gid,
    }
    for problem, holds in problems.items():
        if holds:
            raise ServiceUserTaken(user=USER, problem=problem)
    return found


def _group() -> grp.struct_group | None:
    with contextlib.suppress(KeyError):
        return grp.getgrnam(USER)
    return None


def _state_is_made() -> bool:
    """Whether the folder is there, and safe.

    Raises:
        UnsafeState: When it is there, and not the service's.
    """
    try:
        found = Path(STATE).lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeState(problem=f"{STATE} is not a folder", path=STATE)
    user = _user()
    if user is not None and found.st_uid != user.pw_uid:
        raise UnsafeState(problem=f"{STATE} belongs to another user", path=STATE)
    return user is not None and stat.S_IMODE(found.st_mode) == _PRIVATE


def _make_state() -> None:
    found = owner()
    Path(STATE).mkdir(mode=_PRIVATE, exist_ok=True)
    os.chown(STATE, found.uid, found.gid, follow_symlinks=False)
    Path(STATE).chmod(_PRIVATE)


def who_can_become_root() -> list[str]:
    """Members who also are in a group that on most systems makes them root, as ``NAME (GROUP)``."""
    found = []
    for name in members():
        for group in _ROOTS_GROUPS:
            with contextlib.suppress(KeyError):
                if name in grp.getgrnam(group).gr_mem:
                    found.append(f"{name} ({group})")
    return found
