"""The presence program: a short-lived, hardened process in which a person's keys are opened for one deed."""

from __future__ import annotations

import os
import sys

from agentsecrets.daemon.hardening import harden

_INTERRUPTED = 130
"""128 + SIGINT, as shells give it."""


def main() -> int:
    """Reads a request from one descriptor, does the one deed, and answers on another.

    Returns:
        0, the exit code of the failure's family, or 130 when the person pressed Ctrl-C.
    """
    harden()
    try:
        return _perform()
    except KeyboardInterrupt:
        return _INTERRUPTED


def _perform() -> int:
    from agentsecrets.daemon.deeds import perform
    from agentsecrets.errors import AgentSecretsError
    from agentsecrets.wire.failures import to_json

    asked, told = int(sys.argv[1]), int(sys.argv[2])
    with os.fdopen(asked, "rb") as pipe:
        request = pipe.read()
    try:
        code, answer = 0, perform(request)
    except AgentSecretsError as failure:
        code, answer = failure.exit_code, to_json(failure)
    except Exception:  # noqa: BLE001  (a fault of ours, whose text may hold what was typed: it must not be printed)
        code, answer = AgentSecretsError.exit_code, to_json(AgentSecretsError())
    with os.fdopen(told, "wb") as pipe:
        pipe.write(answer)
    return code


if __name__ == "__main__":
    sys.exit(main())
