"""The names of the ``X-AS-*`` header fields and the words that stand on the wire."""

from __future__ import annotations

TARGET_URL = "X-AS-Target-URL"
METHOD = "X-AS-Method"
INJECT = "X-AS-Inject"
INJECT_BEARER = "X-AS-Inject-Bearer"
INJECT_BASIC = "X-AS-Inject-Basic"
INJECT_HEADER = "X-AS-Inject-Header-"
INJECT_QUERY = "X-AS-Inject-Query-"
INJECT_BODY = "X-AS-Inject-Body-"
INJECT_FORM = "X-AS-Inject-Form-"
AGENT_ID = "X-AS-Agent-ID"
AGENT_TOKEN = "X-AS-Agent-Token"  # noqa: S105  (the name of a header)
SESSION_TOKEN = "X-AS-Session-Token"  # noqa: S105  (the name of a header)
WORKSPACE = "X-AS-Workspace"
PROJECT = "X-AS-Project"
ENVIRONMENT = "X-AS-Environment"
EVENT = "X-AS-Event"
REDACTED = "X-AS-Redacted"
CWD = "X-AS-Cwd"
VERSION = "X-AS-Version"
OUTPUT = "X-AS-Output"
"""Of the control plane only: the folder of a command (percent-encoded), its version, and ``json`` when it wants that."""

DEFAULT_PORT = 8765
