"""A hostile echo upstream behind the real daemon: what it says again, in which form and channel and cut where, is chance from a seed.

Call number N of a seed is always the same call, so a run can be broken off and gone on with.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from tests.parts.commands import PASSWORD, Commands
from tests.parts.forms import FORMS
from tests.parts.tls import Seen, TlsUpstream, answer, chunk

VALUES = {
    "BEARER_KEY": "sk_live_51HxQ/7+zvBq=Lm9",
    "BASIC_KEY": "user:p4ss/w0rd+with=signs",
    "HEADER_KEY": "xkv_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78",
    "QUERY_KEY": "k<y&w'th\"m%rkup;\\and/sl4shes",
    "BODY_KEY": "j\"s\\on/v\u00e4lue<\u20ac>&'0123456789",
    "FORM_KEY": "f0rm value+with%20spaces&ampersands=1",
}
FIELDS = {
    "BEARER_KEY": ("X-AS-Inject-Bearer", ()),
    "BASIC_KEY": ("X-AS-Inject-Basic", ()),
    "HEADER_KEY": ("X-AS-Inject-Header-X-Api-Key", ()),
    "QUERY_KEY": ("X-AS-Inject-Query-api_key", ("--query", "api_key")),
    "BODY_KEY": ("X-AS-Inject-Body-auth.token", ("--body-field", "auth.token")),
    "FORM_KEY": ("X-AS-Inject-Form-client_secret", ("--form-field", "client_secret")),
}
CHANNELS = ("body", "chunks", "until close", "long", "events", "header", "cookie", "location", "reason", "trailer")
_BODIES = ("body", "chunks", "until close", "long")
"""Channels that take any bytes; the others take a line of text."""
_TEXT = re.compile(rb"[\t\x20-\x7e\x80-\xff]+")
_BENIGN = b'{"id":1,"text":"nothing of interest","list":[1,2,3]}\n'


@dataclass(frozen=True)
class Plan:
    """What call number N does."""

    key: str
    form: str
    channel: str
    size: int
    filler: int

    @classmethod
    def of(cls, seed: int, number: int) -> Plan:
        """The plan of one call."""
        chance = random.Random(f"{seed} {number}")
        channel = chance.choice(CHANNELS)
        filler = chance.choice((0, 1, 30, 1000, 5000)) if channel != "long" else chance.randrange(65_536, 100_000)
        return cls(chance.choice(list(VALUES)), chance.choice(list(FORMS)), channel, chance.choice((1, 2, 3, 7, 16, 100, 4096)), filler)

    def said(self) -> bytes:
        """What the upstream says of the value."""
        return FORMS[self.form](VALUES[self.key].encode())

    def tell_tales(self) -> set[bytes]:
        """What must not be heard: the value, its password half, and each as the upstream said it."""
        value = VALUES[self.key].encode()
        parts = {value, value.partition(b":")[2]} if self.key == "BASIC_KEY" else {value}
        return {*parts, self.said()}


def _received(seen: Seen, key: str) -> str:
    """The value as it arrived, read by other means than ours."""
    if key in ("BEARER_KEY", "BASIC_KEY"):
        word = seen.header("Authorization").partition(" ")[2]
        return base64.b64decode(word).decode() if key == "BASIC_KEY" else word
    if key == "HEADER_KEY":
        return seen.header("X-Api-Key")
    if key == "QUERY_KEY":
        return seen.query.get("api_key", "")
    if key == "BODY_KEY":
        return str(json.loads(seen.body)["auth"]["token"])
    return parse_qs(seen.body.decode())["client_secret"][0]


async def _in_parts(writer: asyncio.StreamWriter, body: bytes, size: int, coded: Callable[[bytes], bytes]) -> None:
    step = max(size, len(body) // 40 + 1)
    for at in range(0, len(body), step):
        writer.write(coded(body[at : at + step]))
        await writer.drain()
        await asyncio.sleep(0)


def hostile(seed: int, wrong: list[int], seen_so_far: list[Seen]) -> Callable[[Seen, asyncio.StreamWriter], object]:
    """The behaviour of the upstream; numbers of calls to which a wrong value came are added to ``wrong``."""

    async def say(seen: Seen, writer: asyncio.StreamWriter) -> None:
        number = int(seen.path.rsplit("/", 1)[-1])
        plan = Plan.of(seed, number)
        seen_so_far.clear()
        if _received(seen, plan.key) != VALUES[plan.key]:
            wrong.append(number)
        said, filler = plan.said(), (_BENIGN * (plan.filler // len(_BENIGN) + 1))[: plan.filler]
        channel = (
            plan.channel
            if plan.channel in _BODIES or _TEXT.fullmatch(said) or (plan.channel == "events" and plan.form.endswith("-sse"))
            else "chunks"
        )
        text, body = said.decode("latin-1"), filler + b" " + said + b" " + filler
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        if channel in ("header", "cookie", "location"):
            name = {"header": "X-Echo", "cookie": "Set-Cookie", "location": "Location"}[channel]
            writer.write(answer(200, filler, (name, f"a={text}")))
        elif channel == "reason":
            writer.write(answer(200, filler, reason=text))
        elif channel == "trailer":
            writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"body") + b"0\r\nX-Echo: " + said + b"\r\n\r\n")
        elif channel in ("chunks", "events"):
            kind = b"text/event-stream" if channel == "events" else b"text/plain"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
            whole = b"data: x\n\ndata: " + said + b"\n\n" if channel == "events" else body
            await _in_parts(writer, whole, plan.size, chunk)
            writer.write(b"0\r\n\r\n")
        elif channel == "until close":
            writer.write(head + b"Connection: close\r\n\r\n")
            await _in_parts(writer, body, plan.size, bytes)
            await writer.drain()
            writer.close()
        else:
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body))
            await _in_parts(writer, body, plan.size, bytes)

    return say


@dataclass
class Soak:
    """One run against one daemon.

    Attributes:
        done: Calls so far, those of earlier runs included.
        leaks: Numbers of calls in whose answer a value stood.
        failures: Calls that did not end as an answer, by status.
        samples: Calls done, memory in KiB and open files of the daemon, from time to time.
    """

    made: Commands
    upstream: TlsUpstream
    seed: int
    done: int = 0
    leaks: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    samples: list[tuple[int, int, int]] = field(default_factory=list)

    def set_up(self) -> None:
        """Sets and binds the keys."""
        self.upstream.on("/soak", hostile(self.seed, self.wrong, self.upstream.seen))  # type: ignore[arg-type]
        host = self.made.allow(self.upstream)
        for key, value in VALUES.items():
            self.made.run("secrets", "set", f"{key}=-", said=value)
            if FIELDS[key][1]:
                self.made.run("secrets", "bind", key, "--host", host, *FIELDS[key][1], "--password-stdin", said=PASSWORD)
        status = self.made.ask("status")
        self._pid, self._port = status["pid"], status["port"]
        self._token = self.made.run("proxy", "token").strip()

    def run(self, calls: int, seconds: float, clients: int = 8) -> float:
        """Makes calls until there are so many or the time is over; answers the seconds that it took."""
        started = time.monotonic()
        asyncio.run(self._run(calls, started + seconds, clients))
        self.sample()
        return time.monotonic() - started

    def sample(self) -> None:
        """Looks at the daemon from outside."""
        lines = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii").splitlines()
        memory = int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))
        try:
            files = len(list(Path(f"/proc/{self._pid}/fd").iterdir()))
        except PermissionError:
            files = 0
        self.samples.append((self.done, memory, files))

    @property
    def grown(self) -> tuple[int, int]:
        """KiB of memory and open files that were added in the second half of the run; in the first, caches fill."""
        half, last = self.samples[len(self.samples) // 2], self.samples[-1]
        return last[1] - half[1], last[2] - half[2]

    async def _run(self, calls: int, until: float, clients: int) -> None:
        numbers = iter(range(self.done, calls))

        async def client() -> None:
            reader = writer = None
            for number in numbers:
                if time.monotonic() > until:
                    break
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
                assert reader is not None
                if await self._call(number, reader, writer):
                    writer.close()
                    reader = writer = None
                self.done += 1
                if self.done % 500 == 0:
                    self.sample()
            if writer is not None:
                writer.close()

        await asyncio.gather(*(client() for _ in range(clients)))

    async def _call(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Makes one call and looks at all of its answer; says whether the connection is over."""
        plan = Plan.of(self.seed, number)
        kind = {"BODY_KEY": "application/json", "FORM_KEY": "application/x-www-form-urlencoded"}.get(plan.key, "")
        body = {"BODY_KEY": b'{"n":1e400}', "FORM_KEY": b"a=1"}.get(plan.key, b"")
        lines = [
            f"{'POST' if body else 'GET'} /proxy HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            f"X-AS-Session-Token: {self._token}",
            f"X-AS-Target-URL: {self.upstream.url(f'/soak/{number}')}",
            f"{FIELDS[plan.key][0]}: {plan.key}",
            *([f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if body else []),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        try:
            head, answered, closes = await asyncio.wait_for(_read(reader), 60)
        except (asyncio.IncompleteReadError, ConnectionError) as broken:
            head, answered, closes = b"broken", getattr(broken, "partial", b""), True
        status = head[9:12].decode("latin-1") if head.startswith(b"HTTP/") else "broken off"
        heard = head + b"\n" + answered
        if any(told in heard for told in plan.tell_tales()):
            self.leaks.append(number)
        if status != "200":
            self.failures[status] = self.failures.get(status, 0) + 1
        return closes


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes, bool]:
    """Head, body with its trailers, and whether the connection is over."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    closes = b"connection: close" in lowered
    if b"transfer-encoding: chunked" in lowered:
        parts = []
        while True:
            size = int((await reader.readuntil(b"\r\n")).strip(), 16)
            if size == 0:
                break
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            parts.append(line)
        return head, b"".join(parts), closes
    found = re.search(rb"content-length: ([0-9]+)", lowered)
    body = await reader.readexactly(int(found[1])) if found else await reader.read()
    return head, body, closes or not found
