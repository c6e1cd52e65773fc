"""``call`` as the command line wants it: frames to copy, ready for its two streams."""

from __future__ import annotations

import codecs
import json
import time

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
            if context.as_json:
                code = await _show_document(reply, exchange, started)
            else:
                await reply.pass_on(_Output(exchange))
        finally:
            await reply.close()
    except AgentSecretsError as failure:
        code = failure.exit_code
        await exchange.write(_refusal(failure, started, as_json=context.as_json))
    await exchange.write(frames.frame(frames.EXIT, bytes([code])))
    await exchange.finish()


async def _show_document(reply: Reply, exchange: Exchange, started: float) -> int:
    """Shows a reply as one JSON document, written while the body streams in: nothing is gathered.

    Returns:
        The exit code. What broke the body off, the document says too.
    """
    output = _Output(exchange)
    output.put(_document_head(reply))
    text, failure = _Text(output), None
    try:
        await reply.pass_on(text)
    except AgentSecretsError as broken:
        failure = broken
    text.end()
    output.put(_document_end(reply, started, failure))
    if failure is None:
        return 0
    await exchange.write(frames.frames(frames.FAILURE, to_json(failure)))
    return failure.exit_code


class _Output:
    """The standard output of a command, as a ``Receiver``.

    Args:
        exchange: Gets the frames.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def put(self, chunk: bytes) -> bool:
        """Shows bytes; says whether the command takes more now."""
        return self._exchange.put(frames.frames(frames.STDOUT, chunk))

    async def passed(self) -> None:
        """Waits until the command takes more."""
        await self._exchange.passed()


class _Text:
    """The inside of a JSON string, as a ``Receiver``.

    Args:
        output: Gets it.
    """

    def __init__(self, output: _Output) -> None:
        self._output = output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def put(self, chunk: bytes) -> bool:
        """Shows bytes as text; says whether the command takes more now."""
        return self._output.put(_escaped(self._decoder.decode(chunk)))

    async def passed(self) -> None:
        """Waits until the command takes more."""
        await self._output.passed()

    def end(self) -> None:
        """Shows what is left of a character that is not complete."""
        self._output.put(_escaped(self._decoder.decode(b"", final=True)))


def _document_head(reply: Reply) -> bytes:
    shown: dict[str, list[str]] = {}
    for name, value in reply.fields:
        shown.setdefault(name.decode("latin-1"), []).append(value.decode("utf-8", "replace"))
    head = json.dumps({"status": reply.status, "headers": shown}, ensure_ascii=False)
    return f'{head[:-1]}, "body": "'.encode()


def _document_end(reply: Reply, started: float, failure: AgentSecretsError | None) -> bytes:
    told: dict[str, object] = {"redacted": reply.redactions > 0, "duration_ms": _since(started)}
    if failure is not None:
        told["error"] = failure.message
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
