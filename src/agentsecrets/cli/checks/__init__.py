"""What ``doctor`` looks at: one file for each thing, in the order in which it is shown."""

from agentsecrets.cli.checks import daemon, folder, log, memory, place, program, service, space, tools, trust, variables, vault
from agentsecrets.cli.checks.check import Check

ALL: tuple[Check, ...] = (
    program.CHECK,
    variables.CHECK,
    service.CHECK,
    folder.CHECK,
    space.CHECK,
    trust.CHECK,
    daemon.CHECK,
    vault.CHECK,
    log.CHECK,
    log.CLOCK,
    place.CHECK,
    place.ALLOWLIST,
    tools.CHECK,
    memory.CHECK,
)
