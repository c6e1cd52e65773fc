"""The presence program: a short-lived, hardened process in which a person's keys are opened for one deed."""

from __future__ import annotations

import os
import sys

from agentsecrets.daemon.hardening import harden, is_traced
from agentsecrets.daemon.seclusion import secluded

_INTERRUPTED = 130
"""128 + SIGINT, as shells give it."""


def main() -> int:
    """Reads a request from one descriptor, does the one deed, and answers on another.

    Returns:
        0, the exit code of the failure's family, or 130 when the person pressed Ctrl-C.
    """
    harden()
    traced = is_traced()
    return secluded(lambda: _answered(traced=traced))


def _answered(*, traced: bool) -> int:
    try:
        return _answer(traced=traced)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _answer(*, traced: bool) -> int:
    from agentsecrets.errors import AgentSecretsError
    from agentsecrets.wire.failures import to_json

    asked, told = int(sys.argv[1]), int(sys.argv[2])
    with os.fdopen(asked, "rb") as pipe:
        request = pipe.read()
    try:
        _refuse_tracer(traced=traced)
        code, answer = 0, perform(request)
    except AgentSecretsError as failure:
        code, answer = failure.exit_code, to_json(failure)
    except Exception:  # noqa: BLE001  (a fault of ours, whose text may hold what was typed: it must not be printed)
        code, answer = AgentSecretsError.exit_code, to_json(AgentSecretsError())
    with os.fdopen(told, "wb") as pipe:
        pipe.write(answer)
    return code


def _refuse_tracer(*, traced: bool) -> None:
    from agentsecrets.errors import BeingTraced

    if traced:
        raise BeingTraced


def perform(encoded: bytes) -> bytes:
    """Does what a request asks for; answers JSON.

    Raises:
        BadUsage: When it is not the request of a known deed.
        AgentSecretsError: Whatever the deed refuses.
    """
    import msgspec

    from agentsecrets.daemon.deeds import DEEDS
    from agentsecrets.daemon.terminal import Person
    from agentsecrets.errors import BadUsage

    try:
        name = msgspec.json.decode(encoded)["deed"]
        deed = next(deed for deed in DEEDS if deed.name == name)
        asked = msgspec.json.decode(encoded, type=deed.shape)
    except (msgspec.MsgspecError, KeyError, TypeError, StopIteration):
        raise BadUsage(problem="the presence program does not know what is asked") from None
    return msgspec.json.encode(deed.perform(asked, Person(stdin=asked.password_stdin, first=_elsewhere(asked.home))))


def _elsewhere(home: str) -> str:
    """What a person reads before the first question, when it is not about the usual state folder: a variable may have chosen it."""
    from agentsecrets.errors import NoHome
    from agentsecrets.wire.home import usual_home

    try:
        usual = usual_home()
    except NoHome:
        usual = ""
    return "" if home == usual else f"State folder: {home!a}"


if __name__ == "__main__":
    sys.exit(main())
