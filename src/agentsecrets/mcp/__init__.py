"""The face for AI tools: an MCP server on standard input and output, and what writes it into their settings."""
