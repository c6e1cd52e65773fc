"""``mcp serve``."""

from __future__ import annotations

import click

from agentsecrets.cli import flags
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, option, with_errand
from agentsecrets.mcp.server import serve as serve_client

MCP = LazyGroup(
    "mcp",
    short_help="Give AI tools the use of secrets.",
    help="AgentSecrets as an MCP server, for AI tools on this machine.",
    sources={"serve": "mcp:serve"},
)


@click.command("serve", short_help="Serve one AI tool, on standard input and output.")
@option(flags.AGENT_ID)
@with_errand
def serve(errand: Errand, agent_id: str) -> int:
    """Serve one AI tool over MCP, on standard input and output. AI tools start this themselves."""
    return serve_client(project=errand.project, environment=errand.environment, agent=agent_id)
