"""The presence program: a short-lived, hardened process in which a person's keys are opened for one deed."""

from __future__ import annotations

import os
import sys

from agentsecrets.daemon.hardening import harden


def main() -> int:
    """Reads a request from one descriptor, does the one deed, and answers on another.

    Returns:
        0, or the exit code of the failure's family.
    """
    harden()
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
    with os.fdopen(told, "wb") as pipe:
        pipe.write(answer)
    return code


if __name__ == "__main__":
    sys.exit(main())
