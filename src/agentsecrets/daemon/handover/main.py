"""One run of ``agentsecrets env``: harden, get the values, start the command, pass its output on, end as it ended."""

from __future__ import annotations

import os
import signal
import sys

from agentsecrets.daemon.handover.signals import exit_code, passed_on
from agentsecrets.daemon.hardening import end_with, harden, is_traced
from agentsecrets.errors import AgentSecretsError, BeingTraced

_INTERRUPTED = 130
"""128 + SIGINT, as shells give it."""


def main() -> int:
    """Does what the order on the inherited descriptor says, in a child of this process (see ``seclusion``).

    This process is the shell's job: it passes signals on, stops when the child stops the job, and ends with the child's exit code.

    Returns:
        The command's own exit code, 128 and the signal's number when a signal ended it, or that of the failure before it started.
    """
    mask = os.umask(0o077)
    harden()
    traced, parent = is_traced(), os.getpid()
    child = os.fork()
    if child:
        with passed_on(child, own_terminal=False):
            return exit_code(os.waitpid(child, 0)[1])
    code = AgentSecretsError.exit_code
    try:
        end_with(parent, signal.SIGTERM)
        harden()
        code = _run(int(sys.argv[1]), mask, traced=traced)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    finally:
        os._exit(code)


def _run(descriptor: int, mask: int, *, traced: bool) -> int:
    from agentsecrets.daemon.handover.child import check_exists
    from agentsecrets.daemon.handover.granting import granted
    from agentsecrets.daemon.handover.running import run
    from agentsecrets.wire.handover import Order

    with os.fdopen(descriptor, "rb") as pipe:
        order = Order.decode(pipe.read())
    try:
        _refuse_tracer(traced=traced)
        check_exists(order.command, dict(order.variables))
        return run(order, granted(order), mask)
    except AgentSecretsError as failure:
        return _explained(failure, as_json=order.as_json)
    except Exception:  # noqa: BLE001  (a fault of ours, whose text may hold a value: it must not be printed)
        return _explained(AgentSecretsError(), as_json=order.as_json)


def _refuse_tracer(*, traced: bool) -> None:
    if traced:
        raise BeingTraced


def _explained(failure: AgentSecretsError, *, as_json: bool) -> int:
    from agentsecrets.wire.failures import to_json

    if as_json:
        os.write(1, to_json(failure) + b"\n")
    else:
        sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        sys.stderr.flush()
    return failure.exit_code
