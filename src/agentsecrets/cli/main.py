"""The program ``agentsecrets``: decides before it imports."""

import os
import sys

_QUICK = (["call"], ["status"], ["mcp", "serve"])
_AS_ROOT = (["service"], ["demo"], ["completion"], ["mcp", "install"], ["mcp", "uninstall"])
"""What root does as root also where the vault belongs to the service."""
_COMPLETION = "_AGENTSECRETS_COMPLETE"
INTERRUPTED, NO_READER = 130, 141
"""Exit codes by the shell's convention: 128 and the number of SIGINT or SIGPIPE."""


def main() -> int:
    """Runs one command line.

    Returns:
        The exit code: 0, that of the failure's family, 130 after Ctrl-C, or 141 when nobody reads what is printed.
    """
    words = sys.argv[1:]
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's own last flush has somewhere to go
        return NO_READER
    except Exception as failure:  # noqa: BLE001  (the outermost edge: a fault of ours is told in our words, never as a traceback)
        from agentsecrets.cli.failures import explain

        return explain(failure, words)


def _run(words: list[str]) -> int:
    if _COMPLETION in os.environ:
        from agentsecrets.cli.shells import answer

        return answer(os.environ[_COMPLETION])
    if os.geteuid() == 0 and not (words[:1] in _AS_ROOT or words[:2] in _AS_ROOT):
        from agentsecrets.client.administrator import be_service_user

        be_service_user(words)
    if words[:1] in _QUICK or words[:2] in _QUICK:
        from agentsecrets.cli import fast

        code = fast.run(words)
        if code is not None:
            return code
    from agentsecrets.cli.full import run

    return run(words)
