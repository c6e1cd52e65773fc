"""``log verify``."""

from __future__ import annotations

import click

from agentsecrets.cli.context import control, output
from agentsecrets.cli.printing import print_json
from agentsecrets.errors import LogBroken


@click.group()
def log() -> None:
    """The audit log."""


@log.command()
@output
def verify(output: str) -> None:
    """Check the log's hash chain and its signed checkpoints."""
    told = control().ask("/v1/log/verify")
    if told["first_bad"] is not None:
        raise LogBroken(index=told["first_bad"])
    print_json(told) if output == "json" else print(
        f"{told['rows']} rows hold together; {told['anchored']} are anchored by a signed checkpoint."
    )


COMMANDS = {"log": log}
