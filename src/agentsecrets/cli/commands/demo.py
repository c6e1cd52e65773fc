"""``demo``."""

from __future__ import annotations

import sys

import click


@click.command()
def demo() -> None:
    """Run the main job against a local server in a temporary home, and search it all for the values."""
    from agentsecrets.demo.transcript import run

    sys.exit(run())


COMMANDS = {"demo": demo}
