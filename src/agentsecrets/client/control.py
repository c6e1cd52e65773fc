"""Speaking with the daemon over its control socket."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.errors import DaemonGone, NoDaemon
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.headers import ENVIRONMENT, PROJECT
from agentsecrets.wire.socket_path import short_path

_SECONDS = 30.0
_FIRST_FAILURE = 400


class _OverUnixSocket(http.client.HTTPConnection):
    def __init__(self, run: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._run = run

    def connect(self) -> None:
        """Connects to the control socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        with short_path(self._run) as path:
            self.sock.connect(str(path))


class Control:
    """The client of one home folder's daemon.

    Args:
        home: The state folder.
        project: Name or id that the commands mean, empty for the active one.
        environment: Empty for the active one.
    """

    def __init__(self, home: Path, *, project: str = "", environment: str = "") -> None:
        self._run = home / "run"
        self._fields = {name: value for name, value in ((PROJECT, project), (ENVIRONMENT, environment)) if value}

    def ask(self, path: str, message: msgspec.Struct | None = None) -> dict[str, Any]:
        """Sends one verb and reads its answer.

        Raises:
            NoDaemon: When none is running.
            DaemonGone: When it went away meanwhile.
            AgentSecretsError: Whatever the daemon answered instead.
        """
        body = b"{}" if message is None else msgspec.json.encode(message)
        status, content = self._exchange("POST", path, self._fields, body)
        if status >= _FIRST_FAILURE:
            raise from_json(content)
        document: dict[str, Any] = msgspec.json.decode(content)
        return document

    def open_call(self, method: str, fields: list[tuple[str, str]], body: bytes | None) -> http.client.HTTPResponse:
        """Sends a call through the daemon's engine; the answer is read by the caller.

        Raises:
            NoDaemon, DaemonGone
        """
        connection = _OverUnixSocket(self._run)
        try:
            connection.putrequest(method, "/proxy", skip_accept_encoding=True)
            for name, value in [*self._fields.items(), *fields]:
                connection.putheader(name, value.encode())
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return connection.getresponse()
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoDaemon from None
        except (OSError, http.client.HTTPException):
            raise DaemonGone from None

    def _exchange(self, method: str, path: str, fields: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = _OverUnixSocket(self._run)
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoDaemon from None
        except (OSError, http.client.HTTPException):
            raise DaemonGone from None
        finally:
            connection.close()
