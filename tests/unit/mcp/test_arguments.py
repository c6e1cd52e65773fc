"""Arguments fit the schema exactly, and what does not fit is never repeated."""

from __future__ import annotations

from typing import Any

import pytest

from agentsecrets.mcp.arguments import problem_with
from agentsecrets.mcp.tools import ALL, TOOLS

CANARY = "sk_live_canary"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("api_call", {}),
        ("api_call", {"url": ""}),
        ("api_call", {"url": 7}),
        ("api_call", {"url": None}),
        ("api_call", {"url": "x" * 9000}),
        ("api_call", {"url": "https://a.b/\ud800"}),
        ("api_call", {"url": "https://a.b/", CANARY: 1}),
        ("api_call", {"url": "https://a.b/", "method": CANARY}),
        ("api_call", {"url": "https://a.b/", "method": "get"}),
        ("api_call", {"url": "https://a.b/", "method": True}),
        ("api_call", {"url": "https://a.b/", "body": {"a": CANARY}}),
        ("api_call", {"url": "https://a.b/", "body": "\udc80"}),
        ("api_call", {"url": "https://a.b/", "headers": [CANARY]}),
        ("api_call", {"url": "https://a.b/", "headers": {"A": [CANARY]}}),
        ("api_call", {"url": "https://a.b/", "headers": {"\ud800": "x"}}),
        ("api_call", {"url": "https://a.b/", "injections": [{"bearer": "KEY"}]}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": "sk-live-canary"}}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": "KEY\n"}}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": "A=B"}}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": ""}}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": "K" * 129}}),
        ("status", {"verbose": True}),
        ("proxy_logs", {"last": 0}),
        ("proxy_logs", {"last": True}),
        ("proxy_logs", {"last": 1.5}),
        ("proxy_logs", {"last": 101}),
        ("proxy_logs", {"after": 0}),
        ("request_secret", {"key": "KEY"}),
        ("request_secret", {"key": "KEY", "reason": ""}),
        ("request_secret", {"key": "KEY", "reason": "x" * 501}),
        ("request_secret", {"key": "KEY", "reason": "x", "wait_seconds": 26}),
        ("next_page", {"cursor": "x" * 65}),
    ],
)
def test_what_does_not_fit_is_told_and_not_repeated(tool: str, arguments: dict[str, Any]):
    problem = problem_with(arguments, TOOLS[tool].schema)
    assert problem
    assert CANARY not in problem
    assert "sk-live-canary" not in problem


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("api_call", {"url": "https://a.b/", "method": "GET", "headers": {}, "body": "", "injections": {}}),
        ("api_call", {"url": "https://a.b/", "injections": {"bearer": "KEY", "header:X-A": "_K1"}}),
        ("list_secrets", {}),
        ("proxy_logs", {"last": 100, "secret": "KEY", "agent": "a", "status": "OK", "environment": "production"}),
    ],
)
def test_what_fits_is_taken(tool: str, arguments: dict[str, Any]):
    assert problem_with(arguments, TOOLS[tool].schema) == ""


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_a_tool_says_what_it_is_and_takes_nothing_else(tool: Any):
    shown = tool.shown("2025-11-25")
    assert shown["inputSchema"]["additionalProperties"] is False
    assert set(shown["annotations"]) == {"title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert shown["annotations"]["readOnlyHint"] is (tool.name not in {"api_call", "request_secret"})
    assert len(shown["description"]) < 500
    assert "annotations" not in tool.shown("2024-11-05")
