"""``call`` as the command line wants it: frames to copy, ready for its two streams."""

from __future__ import annotations

import codecs
import contextlib
import json
import time
from collections.abc import AsyncGenerator

import msgspec

from agentsecrets.daemon.control.route import Context, FrameRoute
from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.errors import AgentSecretsError, BindingRequired
from agentsecrets.network.http1.server import Exchange
from agentsecrets.proxy.reply import Reply
from agentsecrets.wire import frames
from agentsecrets.wire.failures import to_json

_HEAD = [(b"Content-Type", frames.MEDIA_TYPE.encode()), (b"Cache-Control", b"no-store")]


async def _call(context: Context, exchange: Exchange) -> None:
    """Runs a call; from here on every failure is told inside the frames."""
    daemon, started = context.daemon, time.monotonic()
    plane = DataPlane(daemon.engine, daemon.places, daemon.idleness)
    exchange.start(200, _HEAD)
    code = 0
    try:
        reply = await plane.call(exchange, plane.hear(exchange.head), context.named)
        try:
            code = await _copy(_Envelope(reply, started) if context.as_json else reply, exchange)
        finally:
            await reply.close()
    except AgentSecretsError as failure:
        code = failure.exit_code
        await exchange.write(_refusal(failure, started, as_json=context.as_json))
    await exchange.write(frames.frame(frames.EXIT, bytes([code])))
    await exchange.finish()


async def _copy(shown: _Envelope | Reply, exchange: Exchange) -> int:
    async with contextlib.aclosing(shown.body()) as chunks:
        async for chunk in chunks:
            await exchange.write(frames.frames(frames.STDOUT, chunk))
    if not isinstance(shown, _Envelope) or shown.failure is None:
        return 0
    await exchange.write(frames.frames(frames.FAILURE, to_json(shown.failure)))
    return shown.failure.exit_code


class _Envelope:
    """A reply as one JSON document, written while the body streams in: nothing is gathered.

    Attributes:
        failure: What broke the body off; the document says it too.
    """

    def __init__(self, reply: Reply, started: float) -> None:
        self._reply, self._started = reply, started
        self.failure: AgentSecretsError | None = None

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The document."""
        shown: dict[str, list[str]] = {}
        for name, value in self._reply.fields:
            shown.setdefault(name.decode("latin-1"), []).append(value.decode("utf-8", "replace"))
        head = json.dumps({"status": self._reply.status, "headers": shown}, ensure_ascii=False)
        yield f'{head[:-1]}, "body": "'.encode()
        text = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            async with contextlib.aclosing(self._reply.body()) as body:
                async for chunk in body:
                    yield _escaped(text.decode(chunk))
        except AgentSecretsError as failure:
            self.failure = failure
        yield _escaped(text.decode(b"", final=True)) + self._end()

    def _end(self) -> bytes:
        told: dict[str, object] = {"redacted": self._reply.redactions > 0, "duration_ms": _since(self._started)}
        if self.failure is not None:
            told["error"] = self.failure.message
        return b'", ' + json.dumps(told, ensure_ascii=False).encode()[1:] + b"\n"


def _escaped(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")


def _refusal(failure: AgentSecretsError, started: float, *, as_json: bool) -> bytes:
    asked = frames.frames(frames.FAILURE, to_json(failure))
    if isinstance(failure, BindingRequired):
        wanted = {name: failure.subjects[name] for name in ("key", "style", "slot")} | {"host": failure.subjects["domain"]}
        asked += frames.frame(frames.CONSENT, msgspec.json.encode(wanted))
    if as_json:
        told = {
            "status": failure.http_status, "headers": {}, "body": to_json(failure).decode(), "redacted": False,
            "duration_ms": _since(started), "error": failure.message,
        }  # fmt: skip
        return asked + frames.frames(frames.STDOUT, msgspec.json.encode(told) + b"\n")
    return asked + frames.frames(frames.STDERR, f"error: {failure.message}\nhint: {failure.hint}\n".encode())


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


ROUTES = (FrameRoute("/v1/call", _call),)
