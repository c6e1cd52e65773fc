"""The vault, and what opens it."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene


def _look(scene: Scene) -> Iterator[Finding]:
    if not scene.serves:
        return
    if scene.is_open:
        yield Finding(OK, f"open, protection {scene.status['protection']}")
    else:
        yield Finding(WARN, "locked: no call can use a secret", "agentsecrets unlock")
    if not scene.status["recovery"]:
        yield Finding(WARN, "there is no recovery key: who forgets the password loses all secrets", "agentsecrets password recovery")


CHECK = Check("vault", _look)
