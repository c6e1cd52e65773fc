"""The flags of ``call`` and ``status``, declared once for the quick path and for the library. Nothing is imported here."""

ONE, MANY = "one", "many"
"""How often a flag may stand: at most once on the quick path, or any number of times."""

OUTPUTS = ("text", "json")

URL = ("--url", ONE, "URL", "The https address to call.")
METHOD = ("--method", ONE, "METHOD", "Default: POST with a body, a body field or a form field, else GET.")
BEARER = ("--bearer", MANY, "KEY", "Send this secret as Authorization: Bearer.")
BASIC = ("--basic", MANY, "KEY", "Send this secret (user:password) as Authorization: Basic.")
HEADER = ("--header", MANY, "NAME=KEY", "Send this secret as a header field.")
QUERY = ("--query", MANY, "PARAM=KEY", "Send this secret as a query parameter.")
BODY_FIELD = ("--body-field", MANY, "PATH=KEY", "Send this secret in the JSON body, at a path such as auth.token.")
FORM_FIELD = ("--form-field", MANY, "FIELD=KEY", "Send this secret as a field of a form body.")
BODY = ("--body", ONE, "TEXT|@FILE|-", "The body: text, a file, or standard input.")
PLAIN_HEADER = ("--plain-header", MANY, "'NAME: VALUE'", "Send a header field that is no secret.")
AGENT_ID = ("--agent-id", ONE, "NAME", "The name under which the call is logged.")
TOKEN = ("--token", ONE, "TOKEN", "The agent token of the caller.")
WORKSPACE = ("--workspace", ONE, "NAME", "Use this workspace instead of the active one.")
PROJECT = ("--project", ONE, "NAME", "Use this project instead of the folder's.")
ENVIRONMENT = ("--environment", ONE, "NAME", "Use this environment: development, staging or production.")
OUTPUT = ("--output", ONE, "text|json", "Print text, or one JSON document.")

PLACE = (WORKSPACE, PROJECT, ENVIRONMENT)
MCP_SERVE = (*PLACE, AGENT_ID)
STATUS = (*PLACE, OUTPUT)
CALL = (
    URL, METHOD, BEARER, BASIC, HEADER, QUERY, BODY_FIELD, FORM_FIELD, BODY, PLAIN_HEADER, AGENT_ID, TOKEN, *PLACE, OUTPUT,
)  # fmt: skip

Flag = tuple[str, str, str, str]
Given = dict[str, list[str]]
"""What was given: flag → its values, in order."""


def parse(words: list[str], flags: tuple[Flag, ...]) -> Given | None:
    """Reads the words of a command that has nothing unusual about it.

    Args:
        words: Everything behind the command's name.
        flags: The flags that the command takes.

    Returns:
        What was given, or None when the library has to look at it: help, an unknown flag, a repeated one, a word too many.
    """
    known = {name: often for name, often, _, _ in flags}
    given: Given = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name not in known:
            return None
        if not equals:
            following = next(rest, None)
            if following is None:
                return None
            value = following
        values = given.setdefault(name, [])
        if values and known[name] == ONE:
            return None
        values.append(value)
    output = given.get("--output")
    return given if output is None or output[0] in OUTPUTS else None
