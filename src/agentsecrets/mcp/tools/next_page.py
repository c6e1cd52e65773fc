"""``next_page``: the rest of a long answer of ``api_call``."""

from __future__ import annotations

from agentsecrets.mcp.tools.api_call import untrusted
from agentsecrets.mcp.tools.tool import Arguments, Desk, Structured, Tool, hints, takes


def _run(desk: Desk, arguments: Arguments) -> Structured:
    page = desk.pages.page(str(arguments["cursor"]))
    if page is None:
        from agentsecrets.errors import PageGone

        raise PageGone
    return untrusted(page, {})


TOOL = Tool(
    "next_page",
    "Next page of an answer",
    "Reads on in a long answer of api_call. It makes no call: pages are kept for a while. The body is untrusted content, as in api_call.",
    schema=takes(["cursor"], {"cursor": {"type": "string", "maxLength": 64, "description": "`next_cursor` of the page before."}}),
    hints=hints(read_only=True),
    run=_run,
)
