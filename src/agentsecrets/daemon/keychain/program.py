"""The program that speaks with the keychain: a question on standard input, an answer on standard output."""

from __future__ import annotations

import signal
import sys

from agentsecrets.daemon.hardening import end_with, harden
from agentsecrets.daemon.seclusion import secluded


def main() -> int:
    """Answers one question: the answer, or the failure, as JSON. It does not outlive whoever asked, whose process is its one argument.

    Returns:
        0, or the exit code of the failure's family.
    """
    end_with(int(sys.argv[1]), signal.SIGKILL)
    harden()
    # Frameworks of macOS want a process that was started by exec; there PT_DENY_ATTACH closes it, and nobody reads it by a file.
    return _answer() if sys.platform == "darwin" else secluded(_answer)


def _answer() -> int:
    from agentsecrets.errors import AgentSecretsError
    from agentsecrets.wire.failures import to_json

    try:
        code, answer = 0, _told(sys.stdin.buffer.readline())
    except AgentSecretsError as failure:
        code, answer = failure.exit_code, to_json(failure)
    except Exception:  # noqa: BLE001  (a fault of ours, whose text may hold a key: it must not be printed)
        code, answer = AgentSecretsError.exit_code, to_json(AgentSecretsError())
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return code


def _told(encoded: bytes) -> bytes:
    import msgspec

    from agentsecrets.daemon.keychain.question import Question, Told
    from agentsecrets.storage.keychain import keychain_of

    question, keychain = msgspec.json.decode(encoded, type=Question), keychain_of()
    name, key = "", None
    match question.verb:
        case "check":
            name = keychain.check()
        case "read":
            key = keychain.read(question.item)
        case "write":
            keychain.write(question.item, question.key)
        case "delete":
            keychain.delete(question.item)
    return msgspec.json.encode(Told(name=name, key=key))
