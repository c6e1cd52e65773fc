"""The command line in full: every group, and how failures of the library become ours."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from agentsecrets import __version__
from agentsecrets.cli.failures import explain
from agentsecrets.cli.grammar import LazyGroup
from agentsecrets.errors import AgentSecretsError, BadUsage

ROOT = LazyGroup(
    "agentsecrets",
    help="Let AI agents use credentials that they never see.",
    sources={
        "init": "account:init",
        "login": "leaving:login",
        "logout": "leaving:logout",
        "status": "account:status",
        "unlock": "account:unlock",
        "lock": "account:lock",
        "password": "password:PASSWORD",
        "protection": "protection:PROTECTION",
        "project": "project:PROJECT",
        "environment": "environment:ENVIRONMENT",
        "secrets": "secrets:SECRETS",
        "workspace": "workspace:WORKSPACE",
        "call": "call:call",
        "env": "env:env",
        "proxy": "proxy:PROXY",
        "log": "log:LOG",
        "mcp": "mcp:MCP",
        "doctor": "doctor:doctor",
        "service": "service:SERVICE",
        "demo": "tools:demo",
        "completion": "tools:completion",
    },
    aliases={"logs": "log"},
)
click.version_option(__version__, prog_name="agentsecrets", message="%(prog)s %(version)s")(ROOT)


def run(words: Sequence[str]) -> int:
    """Runs one command line through the library.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        ended = ROOT.main(list(words), prog_name="agentsecrets", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as shown:
        print(shown.ctx.get_help() if shown.ctx else "", file=sys.stderr)
        return BadUsage.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as problem:
        return explain(BadUsage(problem=_in_our_words(problem)), words)
    except AgentSecretsError as failure:
        return explain(failure, words)
    return ended if isinstance(ended, int) else 0


def _in_our_words(problem: click.ClickException) -> str:
    """What is wrong with a command line, without repeating what was typed: it may be a value in the wrong place."""
    if isinstance(problem, click.NoSuchOption):
        return _with_guess(problem)
    if isinstance(problem, click.MissingParameter) and problem.param is not None:
        return f"{_named(problem.param)} is missing"
    if isinstance(problem, click.BadOptionUsage):
        return f"{problem.option_name} needs a value" if "requires" in problem.message else f"{problem.option_name} takes no value"
    if isinstance(problem, click.BadParameter) and problem.param is not None:
        kind = problem.param.type
        wanted = f"one of {', '.join(kind.choices)}" if isinstance(kind, click.Choice) else f"a value of the kind {kind.name}"
        return f"{_named(problem.param)} takes {wanted}"
    return "there is a word too many" if "unexpected extra" in problem.message else "the command line cannot be read"


def _with_guess(problem: click.NoSuchOption) -> str:
    near = f"; did you mean {problem.possibilities[0]}?" if problem.possibilities else ""
    return f"there is no such flag{near}"


def _named(parameter: click.Parameter) -> str:
    return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.make_metavar(click.Context(click.Command("")))
