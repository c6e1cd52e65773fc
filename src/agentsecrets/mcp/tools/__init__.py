"""One file per tool; each exports one TOOL."""

from agentsecrets.mcp.tools import api_call, list_secrets, next_page, proxy_logs, request_secret, status
from agentsecrets.mcp.tools.tool import Tool

ALL: tuple[Tool, ...] = (list_secrets.TOOL, api_call.TOOL, next_page.TOOL, request_secret.TOOL, status.TOOL, proxy_logs.TOOL)
TOOLS: dict[str, Tool] = {tool.name: tool for tool in ALL}
