"""The daemon's program: harden, lock the home folder, listen, serve, stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agentsecrets.daemon.hardening import harden
from agentsecrets.wire.home import READY
from agentsecrets.wire.service import check_us

if TYPE_CHECKING:
    from agentsecrets.daemon.keychain.starting import Start

DRAIN_SECONDS = 5.0

GC_THRESHOLDS = (20_000, 20, 20)
"""Python's own are made for programs that live short: a proxy would spend a twentieth of its time on looking for cycles."""

SWITCH_SECONDS = 0.0005
"""How long a thread waits at most for its turn: the log's writer must not wait ten times as long for the event loop as for the disk."""
DESCRIPTORS = 8_192


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a daemon until it is told to stop.

    Returns:
        The exit code of the failure's family, 0 after a proper stop.
    """
    harden()
    return live(arguments, None)


def live(arguments: Sequence[str] | None, keys: bytes | None) -> int:
    """Runs a daemon in this process, which is hardened.

    Args:
        arguments: The flags of the program, None for those that it was started with.
        keys: ``UnattendedKeys.pack`` for an unlocked daemon. They never come from another program: only a process that was forked for
            it is handed keys.

    Returns:
        The exit code of the failure's family, 0 after a proper stop.
    """
    _allow_descriptors()
    from agentsecrets.errors import AgentSecretsError
    from agentsecrets.storage.paths import Home
    from agentsecrets.wire.lock import held

    options = _options(arguments)
    try:
        home = Home(options.home)
        home.create()
        with held(home.lock_file, options.lock_fd) as lock:
            start = _start(options, keys)
            successor = _run(options, start)
            if successor:
                os.set_inheritable(lock, True)
                os.execv(sys.executable, [*successor, "--lock-fd", str(lock)])  # noqa: S606  (our own program; the memory that held keys is gone with this one)
    except AgentSecretsError as failure:
        from agentsecrets.wire.failures import to_json

        _say(options.ready_fd, to_json(failure))
        if options.ready_fd < 0:
            sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        return failure.exit_code
    return 0


def _allow_descriptors() -> None:
    """Every call needs two descriptors; the soft limit is often 1,024. Source: getrlimit(2), RLIMIT_NOFILE."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def load() -> None:
    """Loads what serving needs, so that it is there when the keys come."""
    import uvloop  # noqa: F401

    import agentsecrets.daemon.control.router
    import agentsecrets.daemon.core
    import agentsecrets.daemon.data_plane
    import agentsecrets.daemon.listeners  # noqa: F401


def _start(options: argparse.Namespace, keys: bytes | None) -> Start:
    """What this daemon starts with: what it was handed, or what it finds by itself unless it is to be locked."""
    from agentsecrets.daemon.keychain.starting import LOCKED, Start, opened_by_itself
    from agentsecrets.storage.paths import Home

    if keys is not None:
        return Start(keys)
    return LOCKED if options.locked else opened_by_itself(Home(options.home), detached=options.ready_fd >= 0)


def _run(options: argparse.Namespace, start: Start) -> list[str]:
    """Serves; answers the command line of the daemon that is to take this one's place, empty for none."""
    import uvloop

    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what stands now stays: the collector need not look at it again and again
    gc.set_threshold(*GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(options, start))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="agentsecrets-daemon", description="The AgentSecrets daemon; commands start it.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, help="port of the proxy, 0 for any free one; the one chosen last by default")
    parser.add_argument("--idle-lock", type=int, metavar="SECONDS", help="lock after so long without use, and remember it")
    parser.add_argument("--remember-port", action="store_true", help="remember the port")
    parser.add_argument("--locked", action="store_true", help="stay locked where the keychain would open the vault")
    parser.add_argument("--isolated", action="store_true", help="serve the users of the installed service")
    parser.add_argument("--lock-fd", type=int, default=-1)
    parser.add_argument("--ready-fd", type=int, default=-1)
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace, start: Start) -> list[str]:
    from agentsecrets.daemon.admission import DataPlaneAdmission, control_plane_admission
    from agentsecrets.daemon.control.router import ControlPlane
    from agentsecrets.daemon.core import assemble
    from agentsecrets.daemon.data_plane import DataPlane
    from agentsecrets.daemon.listeners import Listener, bind_control, bind_loopback, tcp_peer, unix_peer
    from agentsecrets.daemon.session import SessionToken
    from agentsecrets.daemon.settings import choose
    from agentsecrets.daemon.sharing import MEMBERS_MAY, Members, bind_shared, shared_admission
    from agentsecrets.network.http1.server import Service
    from agentsecrets.storage.paths import Home

    home, service = Home(options.home), check_us() if options.isolated else None
    SessionToken.forget(home)
    settings = choose(home, port=options.port if options.remember_port else None, idle_lock_s=options.idle_lock)
    bound = bind_loopback(settings.port if options.port is None else options.port, of_service=options.isolated)
    port = bound[0].getsockname()[1]
    daemon = await assemble(home, settings, port, start)
    daemon.isolated = service is not None
    members = Members(service)
    admit = DataPlaneAdmission(port, daemon.session.matches, trusts_same_user=os.geteuid() != 0, members=members)
    data_plane = Listener(Service(admit, DataPlane(daemon.engine, daemon.places, daemon.idleness).serve, tcp_peer, daemon.limits))
    control = Listener(Service(control_plane_admission, ControlPlane(daemon).serve, unix_peer, daemon.limits))
    shared = Listener(Service(shared_admission, ControlPlane(daemon, MEMBERS_MAY).serve, unix_peer, daemon.limits))
    await data_plane.listen(bound)
    await control.listen([bind_control(home)])
    await shared.listen([bind_shared(service)] if service else [])
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, daemon.stopping.set)
    _say(options.ready_fd, b"%b%d" % (READY, port))
    async with members.followed():
        await daemon.sweep()
    await asyncio.gather(*(listener.close(DRAIN_SECONDS) for listener in (data_plane, control, shared)))
    await daemon.close()
    return _successor(options, port) if daemon.locks else []


def _successor(options: argparse.Namespace, port: int) -> list[str]:
    flags = ["--locked", *(["--isolated"] if options.isolated else [])]
    return [sys.executable, "-I", "-P", "-m", "agentsecrets.daemon", "--home", str(options.home), "--port", str(port), *flags]


def _say(descriptor: int, said: bytes) -> None:
    if descriptor >= 0:
        with contextlib.suppress(OSError), os.fdopen(descriptor, "wb") as pipe:
            pipe.write(said)
