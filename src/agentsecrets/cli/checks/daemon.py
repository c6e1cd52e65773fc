"""The daemon, its socket and its port."""

from __future__ import annotations

import http.client
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from agentsecrets import __version__
from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene
from agentsecrets.errors import NoDaemon, PortTaken, ServicePortTaken

_SECONDS = 3.0
_LOOPBACK = "127.0.0.1"
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _look(scene: Scene) -> Iterator[Finding]:
    if not scene.is_shared:
        yield from _socket(scene.errand.home / "run" / "control.sock")
    if scene.status:
        yield from _running(scene)
    elif scene.refusal is not None and not isinstance(scene.refusal, NoDaemon):
        yield Finding(FAIL, f"it does not answer: {scene.refusal.message}", scene.refusal.hint)
    else:
        yield from _not_running(scene)


def _running(scene: Scene) -> Iterator[Finding]:
    status = scene.status
    if not scene.serves:
        yield Finding(FAIL, f"it is version {status.get('version')}, and this command is version {__version__}", "agentsecrets proxy stop")
    elif _is_healthy(status["port"]):
        yield Finding(OK, f"process {status['pid']}, version {status['version']}, proxy on {_LOOPBACK}:{status['port']}")
    else:
        yield Finding(
            FAIL, f"nothing of ours answers on {_LOOPBACK}:{status['port']}, so agents cannot use the proxy", "agentsecrets unlock"
        )


def _not_running(scene: Scene) -> Iterator[Finding]:
    if scene.is_service:
        yield Finding(FAIL, "the service does not answer", "sudo agentsecrets service status")
    elif scene.examined.get("account"):
        yield Finding(WARN, "it is not running; commands start it, locked", "agentsecrets unlock")
    port = scene.examined.get("port", 0)
    if port and _is_taken(port):
        taken = ServicePortTaken(port=port) if scene.is_service else PortTaken(port=port)
        yield Finding(FAIL, f"{taken.message}: the daemon cannot start", taken.hint)


def _socket(path: Path) -> Iterator[Finding]:
    try:
        found = path.lstat()
    except OSError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OPEN_TO_OTHERS:
        yield Finding(FAIL, f"{path} is not the private socket that the daemon makes", "agentsecrets proxy stop, then agentsecrets unlock")


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_taken(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(_SECONDS)
        return client.connect_ex((_LOOPBACK, port)) == 0


CHECK = Check("daemon", _look)
