"""The vault, and what opens it."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene
from agentsecrets.model.protection import KEYCHAIN


def _look(scene: Scene) -> Iterator[Finding]:
    if not scene.serves:
        return
    if scene.is_open:
        yield Finding(OK, f"open, protection {scene.status['protection']}")
    else:
        why = f", because {scene.status['locked_why']}" if scene.status["locked_why"] else ""
        yield Finding(WARN, f"locked: no call can use a secret{why}", scene.administrator("agentsecrets unlock"))
    if scene.status["protection"] == KEYCHAIN:
        yield _keychain(scene)
    if not scene.status["recovery"]:
        words = "there is no recovery key: who forgets the password loses all secrets"
        yield Finding(WARN, words, scene.administrator("agentsecrets password recovery"))


def _keychain(scene: Scene) -> Finding:
    found = scene.errand.hand_over("protection.show")["keychain"]
    if found["usable"]:
        return Finding(OK, f"the keychain answers: {found['name']}")
    return Finding(WARN, f"the next daemon will not open the vault: {found['message']}", "agentsecrets unlock --password")


CHECK = Check("vault", _look)
