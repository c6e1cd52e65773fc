"""The service of a machine (protection level ``isolated``): where it lies, and whether what answers there is it.

Only ``os`` and ``_socket`` are loaded here while nothing is unusual.
"""

import _socket
import os

USER = "agentsecrets"
"""Name of the service's user, and of the group whose members may use it."""
PROGRAM = "/opt/agentsecrets"
STATE = "/var/lib/agentsecrets"
"""The state folder of the service."""
SHARED = "/run/agentsecrets"
"""What members see instead of a state folder: in its ``run`` lies the socket for them, and nothing else."""
MARKER = "/etc/agentsecrets/service.toml"
"""While this file is there, commands on this machine speak to the service and to nobody else."""
KEEPER_SOCKET = "keeper.sock"

_OTHERS_MAY_WRITE = 0o022
_LONGEST = 4096


class Service:
    """The installed service.

    Attributes:
        uid: Its user.
        gid: Its group.
    """

    __slots__ = ("gid", "uid")

    def __init__(self, uid: int, gid: int) -> None:
        self.uid, self.gid = uid, gid

    def encode(self) -> bytes:
        """The bytes of the marker file."""
        return (
            b"# Written by `agentsecrets service install`. While this file is here, the vault of this machine belongs to the service.\n"
            b"version = 1\nuid = %d\ngid = %d\n" % (self.uid, self.gid)
        )

    @property
    def is_us(self) -> bool:
        """Whether this process runs as its user."""
        return os.geteuid() == self.uid

    @property
    def home(self) -> str:
        """What is the home folder for a command of this user."""
        return STATE if self.is_us else SHARED


def installed() -> Service | None:
    """The service of this machine, None when none is installed.

    Raises:
        ServiceBroken: When the marker is not what root wrote.
    """
    try:
        descriptor = os.open(MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise _broken(failure.strerror or "it cannot be read") from None
    try:
        found, content = os.fstat(descriptor), os.read(descriptor, _LONGEST)
    except OSError as failure:
        raise _broken(failure.strerror or "it cannot be read") from None
    finally:
        os.close(descriptor)
    if found.st_uid != 0 or found.st_mode & _OTHERS_MAY_WRITE:
        raise _broken("it is not root's alone")
    return _read(content)


def _read(content: bytes) -> Service:
    """Reads the few lines of the marker, which are TOML; the library for it is slower than the rest of a quick command."""
    numbers = {}
    for line in content.splitlines():
        name, equals, number = line.partition(b" = ")
        if line.startswith(b"#"):
            continue
        if not equals or not number.isdigit() or name in numbers:
            raise _broken("it is not what the installation wrote")
        numbers[name] = int(number)
    if numbers.keys() != {b"version", b"uid", b"gid"} or numbers[b"version"] != 1 or numbers[b"uid"] == 0:
        raise _broken("it is not what the installation wrote")
    return Service(numbers[b"uid"], numbers[b"gid"])


def is_home(path: str) -> bool:
    """Whether a home folder is the service's: nobody starts a daemon of their own for it."""
    return path in (STATE, SHARED) and installed() is not None


def ours() -> Service | None:
    """The service of this machine, when this process runs as its user.

    Raises:
        ServiceBroken
    """
    found = installed()
    return found if found and found.is_us else None


def check_us() -> Service:
    """The service of this machine, as whose user this process has to run.

    Raises:
        ServiceBroken: When it runs as anybody else, or there is no service.
    """
    found = ours()
    if found is None:
        raise _broken("it does not name the user who runs this program")
    return found


def check_peer(connection: _socket.socket) -> None:
    """Makes sure that the service's own user is at the other end.

    Args:
        connection: To a Unix socket, connected.

    Raises:
        ForeignService: When somebody else is; nothing was sent yet.
    """
    from agentsecrets.wire.unix_peer import user_of

    found = installed()
    if found is None or user_of(connection) != found.uid:
        from agentsecrets.errors import ForeignService

        connection.close()
        raise ForeignService(path=SHARED)


def _broken(problem: str) -> Exception:
    from agentsecrets.errors import ServiceBroken

    return ServiceBroken(path=MARKER, problem=problem)
