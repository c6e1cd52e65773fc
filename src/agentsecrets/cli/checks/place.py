"""What commands in this folder would use: project file, words of trust, allowlist."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene
from agentsecrets.errors import AgentSecretsError, FormatUnknown, UntrustedFolder
from agentsecrets.wire.tables import marked


def _look(scene: Scene) -> Iterator[Finding]:
    if not scene.is_open:
        return
    try:
        place = scene.ask("/v1/place")
    except UntrustedFolder as refusal:
        yield Finding(WARN, refusal.message, "look at it, then: agentsecrets project use")
    except FormatUnknown as refusal:
        yield Finding(WARN, refusal.message, "mend that file or remove it, then: agentsecrets project use NAME")
    except AgentSecretsError as refusal:
        yield Finding(WARN, refusal.message, refusal.hint)
    else:
        by = {"header": "named", "folder": "by this folder's file, which is trusted", "active": "the active one"}[place["resolution"]]
        yield Finding(OK, f"{place['workspace']} / {place['project']} / {marked(place['environment'])}, {by}")


def _look_at_allowlist(scene: Scene) -> Iterator[Finding]:
    if not scene.is_open:
        return
    try:
        status = scene.ask("/v1/status")
    except FormatUnknown:  # the project file's; it has been told
        return
    if status["allowlist"]:
        yield Finding(OK, f"{status['allowlist']} host{'' if status['allowlist'] == 1 else 's'} of workspace {status['workspace']}")
    else:
        yield Finding(WARN, "it is empty, so nothing may be reached", scene.administrator("agentsecrets workspace allowlist add DOMAIN"))


CHECK = Check("project", _look)
ALLOWLIST = Check("allowlist", _look_at_allowlist)
