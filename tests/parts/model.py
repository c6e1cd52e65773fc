"""A scripted model behind the four interfaces that coding agents speak: it plays its steps in order, and keeps every byte that it was sent.

It answers Anthropic's messages, OpenAI's responses and chat completions, and Gemini's generateContent, as one piece or as a stream. A
request that offers none of the script's tools (agents ask for titles and summaries besides) gets a plain word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

DONE = "The script has ended."


@dataclass(frozen=True)
class Step:
    """One tool call of the script: the tool's own name, and its arguments."""

    tool: str
    arguments: dict[str, Any]


class ScriptedModel:
    """Serves on loopback; use it with ``with``.

    Args:
        script: What it calls, in order; then it says ``DONE``.

    Attributes:
        seen: The body of every request, as it came.
        played: The tools that it called, by the names that the agent gave them.
        unknown: Paths that it has no interface for.
    """

    def __init__(self, script: Sequence[Step]) -> None:
        self.script = script
        self.seen: list[str] = []
        self.played: list[str] = []
        self.unknown: list[str] = []
        model = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                model.unknown.append(self.path)
                self._say(b"{}", "application/json")

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                model.seen.append(body)
                self._say(*model.answer(self.path, body))

            def _say(self, content: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (http.server names it)
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def answer(self, path: str, body: str) -> tuple[bytes, str]:
        """The answer to one request: its bytes and their media type."""
        asked = json.loads(body) if body else {}
        path = path.partition("?")[0]
        if path.endswith(("/messages/count_tokens", ":countTokens")):
            return _document({"input_tokens": 1, "totalTokens": 1})
        for ending, interface in _INTERFACES.items():
            if path.endswith(ending):
                step = self._next(asked, interface.results(asked))
                streams = bool(asked.get("stream")) or path.endswith(":streamGenerateContent")
                events = list(interface.stream(step) if streams else interface.whole(step))
                return _events(events) if streams else _document(events[0])
        self.unknown.append(path)
        return _document({})

    def _next(self, asked: dict[str, Any], results: int) -> _Call | None:
        names = dict(_tools(asked.get("tools") or []))
        step = self.script[results] if results < len(self.script) else None
        if step is None or step.tool not in names:
            return None
        namespace, name = names[step.tool]
        self.played.append(f"{namespace}{name}")
        return _Call(name, namespace, step.arguments, f"call_{results + 1}")


@dataclass(frozen=True)
class _Call:
    name: str
    namespace: str
    arguments: dict[str, Any]
    id: str

    @property
    def text(self) -> str:
        return json.dumps(self.arguments)


def _tools(offered: Any, namespace: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    """Our own name of each tool that is ours → the namespace and name that the agent gave it."""
    for tool in offered:
        if not isinstance(tool, dict):
            continue
        if tool.get("type") == "namespace":
            yield from _tools(tool.get("tools") or [], str(tool.get("name")))
        yield from _tools(tool.get("functionDeclarations") or [], namespace)
        name = tool.get("name") or (tool.get("function") or {}).get("name")
        if isinstance(name, str) and (
            "agentsecrets" in name or "agentsecrets" in namespace or name in {"list_secrets", "api_call", "status"}
        ):
            yield name.rpartition("agentsecrets")[2].lstrip("_"), (namespace, name)


# --- the interfaces -------------------------------------------------------------------------------------------------------------------


class _Anthropic:
    @staticmethod
    def results(asked: dict[str, Any]) -> int:
        blocks = [block for message in asked.get("messages", []) for block in message["content"] if isinstance(block, dict)]
        return sum(block.get("type") == "tool_result" for block in blocks)

    @staticmethod
    def _message(content: list[Any], reason: str | None) -> dict[str, Any]:
        usage = {"input_tokens": 1, "output_tokens": 1}
        told = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": content}
        return {**told, "stop_reason": reason, "stop_sequence": None, "usage": usage}

    @classmethod
    def whole(cls, call: _Call | None) -> Iterator[Any]:
        if call is None:
            yield cls._message([{"type": "text", "text": DONE}], "end_turn")
        else:
            yield cls._message([{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}], "tool_use")

    @classmethod
    def stream(cls, call: _Call | None) -> Iterator[Any]:
        yield {"type": "message_start", "message": cls._message([], None)}
        if call is None:
            block: dict[str, Any] = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": DONE}
        else:
            block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": call.text}
        yield {"type": "content_block_start", "index": 0, "content_block": block}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
        yield {"type": "content_block_stop", "index": 0}
        reason = "tool_use" if call else "end_turn"
        yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 1}}
        yield {"type": "message_stop"}


class _Responses:
    @staticmethod
    def results(asked: dict[str, Any]) -> int:
        items = asked.get("input", [])
        return sum(str(item.get("type", "")).endswith("_call_output") for item in items if isinstance(item, dict))

    @staticmethod
    def _item(call: _Call | None) -> dict[str, Any]:
        if call is None:
            content = [{"type": "output_text", "text": DONE, "annotations": []}]
            return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
        namespace = {"namespace": call.namespace} if call.namespace else {}
        told = {"type": "function_call", "id": f"fc_{call.id}", "call_id": call.id, "name": call.name, "arguments": call.text}
        return {**told, **namespace, "status": "completed"}

    @classmethod
    def _response(cls, items: list[Any], status: str) -> dict[str, Any]:
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        return {"id": "resp_1", "object": "response", "status": status, "model": "scripted", "output": items, "usage": usage}

    @classmethod
    def whole(cls, call: _Call | None) -> Iterator[Any]:
        yield cls._response([cls._item(call)], "completed")

    @classmethod
    def stream(cls, call: _Call | None) -> Iterator[Any]:
        item = cls._item(call)
        yield {"type": "response.created", "response": cls._response([], "in_progress")}
        yield {"type": "response.output_item.added", "output_index": 0, "item": item}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        yield {"type": "response.completed", "response": cls._response([item], "completed")}


class _Chat:
    @staticmethod
    def results(asked: dict[str, Any]) -> int:
        return sum(message.get("role") == "tool" for message in asked.get("messages", []))

    @staticmethod
    def _message(call: _Call | None) -> dict[str, Any]:
        if call is None:
            return {"role": "assistant", "content": DONE}
        function = {"name": call.name, "arguments": call.text}
        return {"role": "assistant", "content": None, "tool_calls": [{"index": 0, "id": call.id, "type": "function", "function": function}]}

    @classmethod
    def whole(cls, call: _Call | None) -> Iterator[Any]:
        choice = {"index": 0, "message": cls._message(call), "finish_reason": "tool_calls" if call else "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        yield {"id": "c1", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice], "usage": usage}

    @classmethod
    def stream(cls, call: _Call | None) -> Iterator[Any]:
        base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        yield {**base, "choices": [{"index": 0, "delta": cls._message(call), "finish_reason": None}]}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        yield {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if call else "stop"}], "usage": usage}


class _Gemini:
    @staticmethod
    def results(asked: dict[str, Any]) -> int:
        return sum("functionResponse" in part for content in asked.get("contents", []) for part in content.get("parts", []))

    @staticmethod
    def whole(call: _Call | None) -> Iterator[Any]:
        part = {"text": DONE} if call is None else {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
        candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
        yield {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}

    stream = whole


_INTERFACES: dict[str, Any] = {
    "/messages": _Anthropic,
    "/responses": _Responses,
    "/chat/completions": _Chat,
    ":generateContent": _Gemini,
    ":streamGenerateContent": _Gemini,
}


def _document(told: Any) -> tuple[bytes, str]:
    return json.dumps(told).encode(), "application/json"


def _events(told: list[Any]) -> tuple[bytes, str]:
    parts = []
    for event in told:
        name = f"event: {event['type']}\n" if "type" in event else ""
        parts.append(f"{name}data: {json.dumps(event)}\n\n")
    if told and str(told[0].get("object", "")).startswith("chat."):
        parts.append("data: [DONE]\n\n")
    return "".join(parts).encode(), "text/event-stream"
