"""The three languages in which AI tools keep their settings: one file each, which edits a text and leaves the rest of it as it is."""

from agentsecrets.mcp.formats import jsonc, toml, yaml
from agentsecrets.mcp.formats.format import Format

BY_NAME: dict[str, Format] = {"json": jsonc.FORMAT, "toml": toml.FORMAT, "yaml": yaml.FORMAT}
