"""More calls, connections or open files than there is room for: a typed refusal, and everything works again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError, Busy
from agentsecrets.network.http1.limits import Limits
from agentsecrets.proxy.engine import CONCURRENT_CALLS
from tests.conftest import Counted
from tests.parts.commands import VALUE, Commands, commands
from tests.parts.equipped import STYLES, equipped
from tests.parts.house import read
from tests.parts.patience import until
from tests.parts.tls import Seen, TlsUpstream

IDLE = int(os.environ.get("AGENTSECRETS_IDLE", "1000"))
linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")


@pytest.mark.slow
def test_the_call_beyond_the_limit_is_refused_at_once_and_none_of_the_others(tmp_path: Path, counted: Counted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * CONCURRENT_CALLS:
        pytest.skip("not enough open files for both ends in one process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def tell() -> None:
        go = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def waits(_seen: Seen, writer: asyncio.StreamWriter) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(go.wait(), loop))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

        upstream.on("/waits", waits)
        patient = replace(Limits(), connect_seconds=60)
        async with equipped(tmp_path, upstream, patient) as house:

            async def call() -> bytes:
                return await read(await house.call(upstream.url("/waits"), STYLES["bearer"].header))

            calls = [asyncio.ensure_future(call()) for _ in range(CONCURRENT_CALLS)]
            await until(lambda: len(upstream.seen) == CONCURRENT_CALLS, 60)
            for _ in range(3):
                with pytest.raises(Busy):
                    await house.call(upstream.url("/echo"), STYLES["bearer"].header)
            assert len(upstream.seen) == CONCURRENT_CALLS
            go.set()
            assert set(await asyncio.gather(*calls)) == {b"done"}
            assert house.engine.under_way == 0
            assert (await house.call(upstream.url("/echo"), STYLES["bearer"].header)).status == 200

    try:
        with TlsUpstream(tls=False) as upstream:
            asyncio.run(tell())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    counted(f"{CONCURRENT_CALLS} calls at once, all answered; the next ones refused as busy")


def _highest_descriptor() -> int:
    return max(int(path.name) for path in Path("/proc/self/fd").iterdir())


def _take_all(taken: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        while True:
            taken.append(socket.socket())


@linux
def test_without_open_files_a_call_fails_in_words_and_the_next_one_works(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            await read(await house.call(upstream.url("/echo"), STYLES["bearer"].header))
            house.upstream._pool.close()
            taken: list[socket.socket] = []
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (_highest_descriptor() + 8, hard))
            try:
                for _ in range(50):
                    _take_all(taken)
                    await asyncio.sleep(0.005)  # what was closed gives its place back only now
                for _ in range(3):
                    with pytest.raises(AgentSecretsError) as failed:
                        await house.call(upstream.url("/echo"), STYLES["bearer"].header)
                    assert failed.value.slug == "upstream_unreachable"
                    assert house.engine.under_way == 0
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for opened in taken:
                    opened.close()
            assert (await house.call(upstream.url("/echo"), STYLES["bearer"].header)).status == 200

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def _status(made: Commands, name: str) -> int:
    pid = made.ask("status")["pid"]
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


def _calls(made: Commands, upstream: TlsUpstream) -> bool:
    said = json.loads(made.run("call", "--url", upstream.url("/echo"), "--bearer", "KEY", "--output", "json"))
    return bool(said["status"] == 200)


@linux
@pytest.mark.slow
def test_a_daemon_with_many_idle_clients_serves_and_gives_the_memory_back(tmp_path: Path, counted: Counted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, IDLE + 500)), hard))
    with TlsUpstream() as upstream, commands(tmp_path) as made:
        made.allow(upstream)
        made.run("secrets", "set", "KEY=-", said=VALUE)
        assert _calls(made, upstream)
        port, before = made.ask("status")["port"], _status(made, "VmRSS:")
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(IDLE)]
        try:
            started = time.monotonic()
            assert _calls(made, upstream)
            took = time.monotonic() - started
            during = _status(made, "VmRSS:")
        finally:
            for client in clients:
                client.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert took < 5
        assert during - before < 12 * IDLE + 8192
        assert _calls(made, upstream)
    each = (during - before) / IDLE
    counted(f"{IDLE} idle clients: {before} KiB before, {during} with them, {each:.1f} each; a call meanwhile {took:.2f} s")


@linux
@pytest.mark.slow
def test_a_daemon_out_of_open_files_refuses_in_words_and_recovers(tmp_path: Path):
    with TlsUpstream() as upstream, commands(tmp_path) as made:
        made.allow(upstream)
        made.run("secrets", "set", "KEY=-", said=VALUE)
        assert _calls(made, upstream)
        status = made.ask("status")
        soft, hard = resource.prlimit(status["pid"], resource.RLIMIT_NOFILE)
        resource.prlimit(status["pid"], resource.RLIMIT_NOFILE, (64, hard))
        clients = [socket.create_connection(("127.0.0.1", status["port"])) for _ in range(100)]
        try:
            ended = made.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY", "--output", "json")
            assert ended.returncode != 0 or json.loads(ended.stdout)["status"] == 200
            assert "Traceback" not in ended.stderr
            assert VALUE not in ended.stdout + ended.stderr
        finally:
            for client in clients:
                client.close()
            resource.prlimit(status["pid"], resource.RLIMIT_NOFILE, (soft, hard))
        deadline = time.monotonic() + 10
        while True:
            ended = made.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY", "--output", "json")
            if ended.returncode == 0:
                break
            assert time.monotonic() < deadline, ended.stderr
        assert made.ask("status")["pid"] == status["pid"]
