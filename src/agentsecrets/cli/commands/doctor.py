"""``doctor``: looks at everything that this program needs, and says what mends what is not well."""

from __future__ import annotations

from collections.abc import Iterator

import click

from agentsecrets.cli.checks import ALL
from agentsecrets.cli.checks.check import FAIL, OK, SECONDS, WARN, Check, Finding, Scene
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.failures import shows_color
from agentsecrets.cli.grammar import with_errand
from agentsecrets.client.control import Control
from agentsecrets.errors import AgentSecretsError, NotReady, plain

_COLORS = {OK: "\x1b[32m", WARN: "\x1b[33m", FAIL: "\x1b[31m"}
_PLAIN = "\x1b[0m"
_OWN_FAULT = "this check itself failed ({kind})"


@click.command("doctor", short_help="Find out what is not well, and what mends it.")
@with_errand
def doctor(errand: Errand) -> int:
    """Look at everything that AgentSecrets needs here, and name the command that mends what is not well.

    Nothing is changed or started, and no value is shown. The exit status is 3 when something fails; what is only to look at does not count.
    """
    scene, findings = _scene(errand)
    findings += [(check.name, finding) for check in ALL for finding in looked(check, scene)]
    failed = any(finding.state == FAIL for _, finding in findings)
    document = {
        "ok": not failed,
        "checks": [{"check": name, "state": one.state, "found": one.found, "mend": one.mend} for name, one in findings],
    }
    errand.tell(document, "".join(_lines(findings)))
    return NotReady.exit_code if failed else 0


def _scene(errand: Errand) -> tuple[Scene, list[tuple[str, Finding]]]:
    """What the checks look at; whatever cannot be had is a finding of its own."""
    findings: list[tuple[str, Finding]] = []
    status, refusal, examined = {}, None, {}
    try:
        examined = {} if Scene(errand).is_shared else errand.hand_over("examine")
    except AgentSecretsError as failure:
        findings.append(("presence", Finding(FAIL, failure.message, failure.hint)))
    try:
        status = Control(errand.home, seconds=SECONDS).ask("/v1/status")
    except AgentSecretsError as failure:
        refusal = failure
    return Scene(errand, status, refusal, examined), findings


def looked(check: Check, scene: Scene) -> list[Finding]:
    """What one check found; that it was refused or failed itself is a finding too."""
    try:
        return list(check.look(scene))
    except AgentSecretsError as failure:
        return [Finding(FAIL, failure.message, failure.hint)]
    except Exception as fault:  # noqa: BLE001  (one check that fails must not hide what the others find)
        return [Finding(WARN, _OWN_FAULT.format(kind=type(fault).__name__), "report it; the other checks were made")]


def _lines(findings: list[tuple[str, Finding]]) -> Iterator[str]:
    widest, is_colored = max(len(name) for name, _ in findings), shows_color(1)
    for name, finding in findings:
        state = f"{finding.state:<4}"
        yield f"{_COLORS[finding.state] + state + _PLAIN if is_colored else state}  {name:<{widest}}  {plain(finding.found)}\n"
        if finding.mend:
            yield f"{'':{6 + widest}}  → {plain(finding.mend)}\n"
    counted = {state: sum(finding.state == state for _, finding in findings) for state in (OK, WARN, FAIL)}
    yield f"\n{counted[OK]} ok, {counted[WARN]} to look at, {counted[FAIL]} to mend\n"
