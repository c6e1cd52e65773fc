"""MCP over JSON-RPC 2.0 without input or output: reading messages, which version a request speaks, and the shape of replies.

Two eras. In the *handshake* era (2024-11-05 to 2025-11-25) ``initialize`` settles the version for the process. In the *modern* era
(2026-07-28) there is no handshake: each request says in ``_meta`` what it speaks. A process serves both at once.

Source: modelcontextprotocol.io, specification 2025-11-25 and 2026-07-28, "Versioning and Compatibility".
"""

from __future__ import annotations

import json

from agentsecrets import __version__
from agentsecrets.wire.strict_json import strict_decoder

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
SUPPORTED = (MODERN, *HANDSHAKE[::-1])
"""Newest first."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
UNSUPPORTED_VERSION = -32022
"""Source: specification 2026-07-28, "Error Codes"."""

SERVER = {"name": "agentsecrets", "title": "AgentSecrets", "version": __version__}
INSTRUCTIONS = (
    "AgentSecrets lets you use credentials that you never see. list_secrets tells the names; api_call calls an API and puts the named "
    "secrets where you say. Never ask a person for a value, never look for one in files or variables, and never put one into an argument: "
    "if a name is missing, use request_secret. A refusal has a hint with the command that a person can run."
)
_META, _SERVER_META, _CLIENT_META = (f"io.modelcontextprotocol/{name}" for name in ("protocolVersion", "serverInfo", "clientInfo"))
_CAPABILITIES_META = "io.modelcontextprotocol/clientCapabilities"
_BATCHING = "2025-03-26"
_LONGEST_ID = 256


class Fault(Exception):
    """What is answered as a JSON-RPC error; its words never repeat what was sent."""

    def __init__(self, code: int, message: str, detail: object = None) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail


class Request:
    """One request or notification.

    Attributes:
        id: A text or a number, None for a notification.
        method: What is wanted.
        params: Its parameters, ``_meta`` included.
        version: The version that it speaks, empty while none is settled.
        client: What the client calls itself, empty when it did not say.
    """

    __slots__ = ("client", "id", "method", "params", "version")

    def __init__(self, method: str, params: dict[str, object], *, identifier: str | int | None, version: str, client: str) -> None:
        self.id, self.method, self.params, self.version, self.client = identifier, method, params, version, client

    @property
    def modern(self) -> bool:
        """Whether it carries its own version."""
        return self.version == MODERN


def read(line: bytes | None) -> object:
    """Reads one line, None standing for one that was too long.

    Raises:
        Fault: When it is not JSON, or could be read in two ways because an object has two members of one name.
    """
    if line is None:
        raise Fault(INVALID_REQUEST, "this line is too long")
    try:
        return _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        raise Fault(PARSE_ERROR, "this line is not JSON") from None


def identifier_of(message: object) -> str | int | None:
    """The id under which a message can be answered, None when it has none that may be."""
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, str):
        return found if len(found) <= _LONGEST_ID else None
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**63 else None


class Session:
    """What one client has settled by a handshake; requests of the modern era pass it by."""

    __slots__ = ("_client", "_version")

    def __init__(self) -> None:
        self._version = self._client = ""

    @property
    def takes_batches(self) -> bool:
        """Whether several messages may stand on one line: that was so in one version only."""
        return self._version == _BATCHING

    def receive(self, message: object) -> Request | None:
        """Looks at a message.

        Returns:
            The request, or None for what needs no answer.

        Raises:
            Fault: When it cannot be answered otherwise.
        """
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise Fault(INVALID_REQUEST, "a message is one JSON-RPC 2.0 object")
        if "method" not in message and ("result" in message or "error" in message):
            return None  # an answer, and nothing was asked
        method, params = message.get("method"), message.get("params", {})
        if not isinstance(method, str):
            raise Fault(INVALID_REQUEST, "a message has a method")
        if "id" in message and identifier_of(message) is None:
            raise Fault(INVALID_REQUEST, "an id is a text or a whole number")
        if not isinstance(params, dict):
            raise Fault(INVALID_PARAMS, "params is an object")
        if "id" not in message:
            return Request(method, params, identifier=None, version=self._version, client=self._client)
        return self._request(method, params, identifier_of(message))

    def _request(self, method: str, params: dict[str, object], identifier: str | int | None) -> Request:
        meta = params.get("_meta", {})
        if not isinstance(meta, dict):
            raise Fault(INVALID_PARAMS, "_meta is an object")
        if _META not in meta and method != "server/discover":
            client = _client(params.get("clientInfo")) if method == "initialize" else self._client
            return Request(method, params, identifier=identifier, version=self._version, client=client)
        asked = meta.get(_META, MODERN)
        if asked != MODERN:
            detail = {"supported": list(SUPPORTED), "requested": asked if isinstance(asked, str) and len(asked) <= _LONGEST_ID else ""}
            raise Fault(UNSUPPORTED_VERSION, "unsupported protocol version", detail)
        if method != "server/discover" and not isinstance(meta.get(_CAPABILITIES_META), dict):
            raise Fault(INVALID_PARAMS, f"_meta lacks {_CAPABILITIES_META}")
        return Request(method, params, identifier=identifier, version=MODERN, client=_client(meta.get(_CLIENT_META)))

    def initialize(self, request: Request) -> dict[str, object]:
        """Settles the version: the one asked for, else the newest that has a handshake."""
        asked = request.params.get("protocolVersion")
        self._version = asked if isinstance(asked, str) and asked in HANDSHAKE else HANDSHAKE[-1]
        self._client = request.client
        return {"protocolVersion": self._version, **_OFFERED, "serverInfo": SERVER}


_OFFERED: dict[str, object] = {"capabilities": {"tools": {"listChanged": False}}, "instructions": INSTRUCTIONS}


def discovered() -> dict[str, object]:
    """The answer to ``server/discover``."""
    return {"supportedVersions": [MODERN], **_OFFERED}


def reply(request: Request, result: dict[str, object], *, cacheable: bool = False) -> dict[str, object]:
    """A reply in the form of the request's era.

    Args:
        request: What is answered.
        result: The result's own members.
        cacheable: Whether the modern era wants to be told how long it may be kept: not at all.
    """
    if request.modern:
        kept = {"cacheScope": "private", "ttlMs": 0} if cacheable else {}
        result = {**result, **kept, "resultType": "complete", "_meta": {_SERVER_META: SERVER}}
    return {"jsonrpc": "2.0", "id": request.id, "result": result}


def error(identifier: str | int | None, fault: Fault) -> dict[str, object]:
    """A reply that says what is wrong with a message."""
    told: dict[str, object] = {"code": fault.code, "message": fault.message}
    if fault.detail is not None:
        told["data"] = fault.detail
    return {"jsonrpc": "2.0", "id": identifier, "error": told}


def written(message: object) -> bytes:
    """One message as one line of ASCII: whatever stands in it, no client can take a part of it for the end of the line."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def text_of(document: object) -> str:
    """A document as an assistant reads it: JSON on one line, letters as they are."""
    return json.dumps(document, ensure_ascii=False)


def _client(named: object) -> str:
    name = named.get("name") if isinstance(named, dict) else None
    return name if isinstance(name, str) else ""


_DECODER = strict_decoder()
