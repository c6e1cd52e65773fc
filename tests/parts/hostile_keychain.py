"""A Secret Service that answers everything as its user likes, and keeps all that it is given."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Any, Self

from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

_SECRETS = "org.freedesktop.secrets"
_SESSION, _ITEM = "/org/freedesktop/secrets/session/1", "/org/freedesktop/secrets/collection/login/1"


class HostileKeychain:
    """Serves ``org.freedesktop.secrets``, and says that it speaks in plain text only.

    Args:
        address: Where the bus is.
        answer: What it gives for every item that is asked for.

    Attributes:
        given: Everything that it was told: members and bodies of messages.
        items: Secrets that it was to keep, in the order in which they came.
    """

    def __init__(self, address: str, answer: bytes) -> None:
        self.given: list[tuple[str, Any]] = []
        self.items: list[bytes] = []
        self._answer = answer
        self._bus = open_dbus_connection(bus=address)
        Proxy(message_bus, self._bus).RequestName(_SECRETS)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ends = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.set()
        self._thread.join(10)
        self._bus.close()

    def _serve(self) -> None:
        while not self._ends.is_set():
            with contextlib.suppress(TimeoutError):
                asked = self._bus.receive(timeout=0.1)
                if asked.header.message_type == MessageType.method_call:
                    member = asked.header.fields[HeaderFields.member]
                    self.given.append((member, asked.body))
                    self._bus.send(self._reply(asked, member))

    def _reply(self, asked: Message, member: str) -> Message:
        body = asked.body
        if member == "OpenSession":
            if body[0] != "plain":
                return new_error(asked, "org.freedesktop.DBus.Error.NotSupported")
            return new_method_return(asked, "vo", (("s", ""), _SESSION))
        if member == "SearchItems":
            return new_method_return(asked, "ao", ([_ITEM],))
        if member == "GetSecret":
            kept = self.items[-1] if self.items else self._answer
            return new_method_return(asked, "(oayays)", ((_SESSION, b"", kept, "text/plain"),))
        if member == "CreateItem":
            self.items.append(bytes(body[1][2]))
            return new_method_return(asked, "oo", (_ITEM, "/"))
        if member == "Unlock":
            return new_method_return(asked, "aoo", (body[0], "/"))
        if member == "Get":
            return new_method_return(asked, "v", (("b", False) if body[1] == "Locked" else ("s", "login"),))
        return new_error(asked, "org.freedesktop.DBus.Error.UnknownMethod")
