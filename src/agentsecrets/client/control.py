"""Speaking with the daemon over its control socket."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets import __version__
from agentsecrets.errors import DaemonGone, ForeignDaemon, FormatUnknown, NoDaemon, NotMember
from agentsecrets.model.statement import read_json
from agentsecrets.wire import headers, service
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.quoting import quoted
from agentsecrets.wire.socket_path import short_path

_SECONDS = 30.0
_SHARED_RUN = Path(service.SHARED, "run")
_FIRST_FAILURE = 400


class _OverUnixSocket(http.client.HTTPConnection):
    def __init__(self, run: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._run = run

    def connect(self) -> None:
        """Connects to the control socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with short_path(self._run) as path:
            self.sock.connect(str(path))
        if self._run == _SHARED_RUN:
            service.check_peer(self.sock)


def place_fields(folder: str, project: str = "", environment: str = "", workspace: str = "") -> dict[str, str]:
    """The header fields that say where a command was run.

    Args:
        folder: Absolute path of its folder.
        project: Name or id of the project that it names, empty for none.
        environment: The environment that it names, empty for none.
        workspace: Name or id of the workspace that it names, empty for none.
    """
    named = {
        headers.CWD: quoted(folder),
        headers.WORKSPACE: workspace,
        headers.PROJECT: project,
        headers.ENVIRONMENT: environment,
    }
    return {name: value for name, value in named.items() if value}


class Control:
    """The client of one home folder's daemon.

    Args:
        home: The state folder.
        fields: Header fields of every request, from ``place_fields``.
        seconds: How long an answer may keep silent.
    """

    def __init__(self, home: Path, fields: Mapping[str, str] | None = None, seconds: float = _SECONDS) -> None:
        self._run, self._seconds = home / "run", seconds
        self._fields = {headers.VERSION: __version__, **(fields or {})}

    def ask(self, path: str, message: msgspec.Struct | None = None) -> dict[str, Any]:
        """Sends one verb and reads its answer.

        Raises:
            NoDaemon: When none is running.
            NotMember, ForeignService: When it is the service's, and not for this user, or not the service.
            DaemonGone: When it went away meanwhile.
            ForeignDaemon: When what answers does not speak as a daemon does.
            AgentSecretsError: Whatever the daemon answered instead.
        """
        body = b"{}" if message is None else msgspec.json.encode(message)
        status, content = self._exchange(path, body)
        if status >= _FIRST_FAILURE:
            raise from_json(content, ForeignDaemon)
        try:
            document: dict[str, Any] = read_json(content, dict, "answer")
        except FormatUnknown:
            raise ForeignDaemon from None
        return document

    def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = _OverUnixSocket(self._run, self._seconds)
        try:
            connection.request("POST", path, body, self._fields)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoDaemon from None
        except PermissionError:
            raise (NotMember() if self._run == _SHARED_RUN else DaemonGone()) from None
        except (OSError, http.client.HTTPException):
            raise DaemonGone from None
        finally:
            connection.close()
