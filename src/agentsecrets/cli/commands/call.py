"""``call``: one authenticated request, the value added on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agentsecrets.cli.context import control, scoped
from agentsecrets.cli.printing import print_json
from agentsecrets.errors import BadUsage
from agentsecrets.wire import headers
from agentsecrets.wire.failures import from_json

_NAMED = {"header": "NAME=KEY", "query": "PARAM=KEY", "body-field": "JSON.PATH=KEY", "form-field": "FIELD=KEY"}
_STYLE = {"body_field": "body", "form_field": "form"}
_PART = 1 << 16
_FIRST_FAILURE = 400


@click.command()
@click.option("--url", required=True, help="Absolute https URL.")
@click.option("--method", default="", help="Default: POST with a body, else GET.")
@click.option("--body", default=None, help="Text, @FILE, or - for standard input.")
@click.option("--bearer", multiple=True, metavar="KEY", help="Inject as Authorization: Bearer.")
@click.option("--basic", multiple=True, metavar="KEY", help="Inject user:password as Authorization: Basic.")
@click.option("--header", multiple=True, metavar=_NAMED["header"], help="Inject as a header.")
@click.option("--query", multiple=True, metavar=_NAMED["query"], help="Inject as a query parameter.")
@click.option("--body-field", multiple=True, metavar=_NAMED["body-field"], help="Inject into the JSON body.")
@click.option("--form-field", multiple=True, metavar=_NAMED["form-field"], help="Inject into the form body.")
@click.option("--plain-header", multiple=True, metavar="'NAME: VALUE'", help="A header of your own.")
@click.option("--agent-id", default="", envvar="AGENTSECRETS_AGENT_ID", help="A name for the log.")
@scoped
def call(url: str, method: str, body: str | None, project: str, environment: str, output: str, **given: object) -> None:
    """Call an API with secrets that are named, never seen."""
    content = _content(body)
    fields = [(headers.TARGET_URL, url), *_injections(given), *_own(given["plain_header"])]
    if given["agent_id"]:
        fields.append((headers.AGENT_ID, str(given["agent_id"])))
    writes_body = content is not None or given["body_field"] or given["form_field"]
    answer = control(project, environment).open_call(method.upper() or ("POST" if writes_body else "GET"), fields, content)
    refused = answer.status >= _FIRST_FAILURE and answer.headers.get("X-AS-Refused") == "1"
    if refused:
        raise from_json(answer.read())
    if output == "json":
        shown: dict[str, list[str]] = {}
        for name, value in answer.headers.items():
            shown.setdefault(name, []).append(value)
        text = answer.read().decode("utf-8", "replace")
        print_json({"status": answer.status, "headers": shown, "body": text, "redacted": headers.REDACTION_MARK.decode() in text})
        return
    while part := answer.read1(_PART):
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def _content(body: str | None) -> bytes | None:
    if body is None:
        return None
    if body == "-":
        return sys.stdin.buffer.read()
    return Path(body[1:]).read_bytes() if body.startswith("@") else body.encode()


def _injections(given: dict[str, object]) -> list[tuple[str, str]]:
    found = []
    for option in ("bearer", "basic", "header", "query", "body_field", "form_field"):
        keys = given[option]
        assert isinstance(keys, tuple)
        for text in keys:
            slot, equals, key = text.rpartition("=")
            if bool(equals) == (option in ("bearer", "basic")):
                raise BadUsage(problem=f"--{option.replace('_', '-')} takes {_NAMED.get(option.replace('_', '-'), 'KEY')}")
            style = _STYLE.get(option, option)
            found.append((headers.INJECT, f"{style}:{slot}={key}" if slot else f"{style}={key}"))
    return found


def _own(lines: object) -> list[tuple[str, str]]:
    assert isinstance(lines, tuple)
    split = [line.partition(":") for line in lines]
    return [(name.strip(), value.strip()) for name, _, value in split]


COMMANDS = {"call": call}
