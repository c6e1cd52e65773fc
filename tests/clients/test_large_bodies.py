"""Bodies of a gibibyte, by every HTTP client, both ways and in both framings, while the daemon's memory is watched.

Run by ``make test-clients``; the table of a run is written to ``build/http-clients.md``.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.parts.exchanges import digest_of
from tests.parts.http_client import NAMES, REPOSITORY, Ways, ways
from tests.parts.memory import resident

MIB = 1 << 20
SIZE = int(os.environ.get("AGENTSECRETS_LARGE_MIB", "0")) * MIB
GROWTH = 32 * MIB
"""Most that the daemon may grow while a body passes: buffers of both sides, TLS and what malloc keeps."""

pytestmark = [
    pytest.mark.skipif(not SIZE, reason="takes minutes: `make test-clients`, or AGENTSECRETS_LARGE_MIB=MiB"),
    pytest.mark.timeout(1200),
]

_rows: list[str] = []


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    with ways(tmp_path_factory.mktemp("large")) as made:
        yield made
    table = ["| client | body | framing | MiB | MiB/s | daemon before, MiB | peak, MiB |", "|---|---|---|---|---|---|---|", *_rows]
    path = REPOSITORY / "build" / "http-clients.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(table) + "\n")


class _Watch:
    """The memory of a process, looked at twenty times a second."""

    def __init__(self, pid: int) -> None:
        self.before = self.peak = resident(pid)
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.peak = max(self.peak, resident(self._pid))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Looks for as long as this lasts."""
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join()


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("way", ["down", "up"])
@pytest.mark.parametrize("name", NAMES)
def test_a_gibibyte_passes_whole_and_the_daemon_stays_small(scene: Ways, name: str, way: str, framing: str):
    send = {"bytes": SIZE, "chunked": framing == "chunked"}
    down = scene.proxied(f"/give?bytes={SIZE}&framing={framing}")
    order = down if way == "down" else scene.proxied("/take", "POST", send=send)
    watch, started = _Watch(scene.pid), time.monotonic()
    with watch.running():
        came = scene.clients[name].ask(order)
    seconds = time.monotonic() - started
    passed = (came.bytes, came.sha256) if way == "down" else (came.json["bytes"], came.json["sha256"])
    figures = [f"{SIZE / MIB:.0f}", f"{SIZE / MIB / seconds:.0f}", f"{watch.before / MIB:.1f}", f"{watch.peak / MIB:.1f}"]
    _rows.append(f"| {' | '.join([name, way, framing, *figures])} |")
    assert (came.error, came.status) == (None, 200)
    assert passed == (SIZE, digest_of(SIZE))
    assert watch.peak - watch.before < GROWTH
