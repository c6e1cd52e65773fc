"""``secrets bind``, ``unbind``, ``bindings``, ``providers``: where a key may be used."""

from __future__ import annotations

from typing import Any

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Document, Errand
from agentsecrets.cli.grammar import password_stdin, with_errand
from agentsecrets.errors import BadUsage
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.messages import BindingWanted
from agentsecrets.wire.tables import moment

_STYLES = {"bearer": "bearer", "basic": "basic", "header": "header", "query": "query", "body_field": "body", "form_field": "form"}
_WAYS = tuple(_STYLES.values())
_HEAD = ["Key", "Hosts", "As", "Methods", "Paths", "Said by", "Since"]
_SAID_BY = {"pinned": "first use or value", "narrowed": "this device", "person": "a person"}


def slots(command: Any) -> Any:
    """Adds the flags that say in which style a key goes out."""
    options = (
        click.option("--bearer", is_flag=True, help="As Authorization: Bearer."),
        click.option("--basic", is_flag=True, help="As Authorization: Basic."),
        click.option("--header", default="", metavar="NAME", help="As this header field."),
        click.option("--query", default="", metavar="PARAM", help="As this query parameter."),
        click.option("--body-field", default="", metavar="PATH", help="In the JSON body, at this path."),
        click.option("--form-field", default="", metavar="FIELD", help="As this field of a form body."),
        click.option("--style", type=click.Choice(_WAYS), help="The style by its name, with --target for its place."),
        click.option("--target", default="", metavar="NAME", help="The place of --style: a header's name, a parameter, a path or a field."),
    )
    for add in reversed(options):
        command = add(command)
    return command


def style_of(given: Document) -> tuple[str, str]:
    """Style and slot by whichever flag says it; both empty when none does.

    Raises:
        BadUsage: When more than one does.
    """
    chosen = [(style, "" if given[name] is True else given[name]) for name, style in _STYLES.items() if given[name]]
    if given["style"]:
        chosen.append((given["style"], given["target"]))
    elif given["target"]:
        raise BadUsage(problem="--target is the place of a --style")
    if len(chosen) > 1:
        flags = "--bearer, --basic, --header NAME, --query PARAM, --body-field PATH, --form-field FIELD"
        raise BadUsage(problem=f"give exactly one of {flags}, or --style with --target")
    return chosen[0] if chosen else ("", "")


def bind_key(errand: Errand, wanted: BindingWanted, *, password_stdin: bool) -> Document:
    """Has a key bound: at once when that only narrows where it may go, and else by a person.

    Raises:
        PresenceRequired: When it needs a person and there is none.
    """
    told = errand.ask("/v1/bindings/narrow", wanted)
    if not told["widens"]:
        return told
    whole = {name: told[name] for name in ("key", "hosts", "style", "slot", "methods", "paths")}
    return errand.presence("bind", password_stdin=password_stdin, wanted=whole)


@click.command("bind", short_help="Say where a key may be used.")
@click.argument("key", shell_complete=completing.keys)
@click.option("--host", "hosts", multiple=True, metavar="HOST[:PORT]", help="Where it may go, *.HOST for one label more; repeatable.")
@click.option(
    "--for", "destination", default="", metavar="PROVIDER|HOST", help="Where a provider's credential belongs, and how it is sent."
)
@slots
@click.option("--method", "methods", multiple=True, metavar="METHOD", help="Only by this method; repeatable.")
@click.option("--any-method", is_flag=True, help="By every method again.")
@click.option("--path", "paths", multiple=True, metavar="PREFIX", help="Only to this path and what lies below it; repeatable.")
@click.option("--any-path", is_flag=True, help="To every path again.")
@password_stdin
@with_errand
def bind(errand: Errand, key: str, **given: Any) -> None:
    """Say where a key may be used. What is left out stays as it is.

    What only narrows where the key may go is done at once. Anything else needs the account password, and shows what will hold.
    """
    style, slot = style_of(given)
    if (given["any_method"] and given["methods"]) or (given["any_path"] and given["paths"]):
        raise BadUsage(problem="--any-method and --any-path take back what --method and --path say")
    wanted = BindingWanted(
        key=parse_key_name(key),
        destination=given["destination"],
        hosts=given["hosts"],
        style=style,
        slot=slot,
        methods=given["methods"],
        paths=given["paths"],
        any_method=given["any_method"],
        any_path=given["any_path"],
    )
    bound = bind_key(errand, wanted, password_stdin=given["password_stdin"])
    errand.tell(bound, f"{bound['key']} may go to {bound['bound']}.\n")


@click.command("unbind", short_help="Let the next use of a key bind it anew.")
@click.argument("key", shell_complete=completing.keys)
@password_stdin
@with_errand
def unbind(errand: Errand, key: str, password_stdin: bool) -> None:
    """Take back where a key may be used: its next use binds it anew, as if it had never been used. Needs the account password."""
    gone = errand.presence("unbind", password_stdin=password_stdin, key=parse_key_name(key))
    errand.tell(gone, f"{gone['key']} is bound to nothing; its next use binds it.\n")


@click.command("bindings", short_help="List where keys may be used.")
@click.argument("key", default="")
@with_errand
def show(errand: Errand, key: str) -> None:
    """List where the keys of this project may be used, or where KEY may. They hold in all its environments."""
    wanted = parse_key_name(key) if key else ""
    found = [line for line in errand.ask("/v1/bindings/list")["bindings"] if wanted in ("", line["key"])]
    errand.tell_table(found, _HEAD, [_row(line) for line in found])


def _row(line: Document) -> list[str]:
    place = f"{line['style']}:{line['slot']}" if line["slot"] else line["style"]
    methods, paths = ", ".join(line["methods"]) or "all", ", ".join(line["paths"]) or "all"
    return [line["key"], ", ".join(line["hosts"]), place, methods, paths, _SAID_BY[line["origin"]], moment(line["updated_ms"])]


@click.command("providers", short_help="List the providers that are known.")
@click.argument("query", default="")
@with_errand
def providers(errand: Errand, query: str) -> None:
    """List the providers whose credentials are known by their public prefix, and where these belong; or those with QUERY in them."""
    found = [line for line in errand.ask("/v1/providers")["providers"] if query.lower() in " ".join(_provider_row(line)).lower()]
    errand.tell_table(found, ["Provider", "Name", "Begins with", "Hosts", "As"], [_provider_row(line) for line in found])


def _provider_row(line: Document) -> list[str]:
    return [line["provider"], line["name"], ", ".join(line["prefixes"]), ", ".join(line["hosts"]), line["style"]]
