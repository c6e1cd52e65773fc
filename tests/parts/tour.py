"""A tour of every command, with canaries for values, passwords and tokens: on pipes, at a terminal, and with what goes wrong."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.parts.canaries import Canaries, ProcessWatch
from tests.parts.command_tree import GROUPS, LEAVES, Words, leaf
from tests.parts.commands import PRIVATE, PROGRAM, Commands, commands
from tests.parts.desktop import desktop
from tests.parts.mcp import McpClient
from tests.parts.tls import TlsUpstream

MARK = "[REDACTED_BY_AGENTSECRETS]"
CHILD = ("--", "sh", "-c", 'printf %s "$PIPED"; printf %s "$PIPED" | base64')
"""What ``env`` runs; its environment is the door by which values leave."""
ONCE = frozenset({(), ("demo",), ("mcp", "serve"), ("env",)})
"""Commands that later rounds leave out: they speak another language, or have a home of their own and take their time."""

_SECONDS, _LONG_SECONDS = 60.0, 300.0

Answers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stop:
    """One command that was run.

    Attributes:
        words: Its command line.
        said: What it was given on standard input.
        printed: Everything that came out of it.
        code: Its exit status.
        door: The canaries that it may show.
        seen_by: ``pipe`` or ``terminal``.
    """

    words: Words
    said: str
    printed: str
    code: int
    door: tuple[str, ...] = ()
    seen_by: str = "pipe"


class Tour:
    """Goes everywhere once.

    Args:
        root: An empty folder.
        upstream: A server that says everything again.

    Attributes:
        canaries: What must not be found.
        stops: What was run, in its order.
        watch: What the processes showed of themselves meanwhile.
        began: When it began, in seconds since the epoch.
    """

    def __init__(self, root: Path, upstream: TlsUpstream) -> None:
        self.root, self.upstream = root, upstream
        self.canaries, self.began = Canaries(), time.time()
        self.watch = ProcessWatch(self.canaries)
        self.stops: list[Stop] = []
        for name in ("PASSWORD", "CHANGED", "WRONG", "PIPED", "TYPED", "ASKED", "DOTENV", "JSON", "MERGED", "FILLED", "PAIR", "AGENT"):
            self.canaries.new(name)

    def __getitem__(self, name: str) -> str:
        return self.canaries.secrets[name]

    @property
    def person_home(self) -> Path:
        """The home folder in which AI tools keep their settings."""
        return self.root / "person"

    @property
    def temporary(self) -> Path:
        """Where programs may put what is temporary."""
        return self.root / "temporary"

    def run(self) -> None:
        """The whole tour."""
        self.person_home.mkdir()
        self.temporary.mkdir()
        (self.person_home / ".cursor").mkdir()
        with (
            desktop(self.root / "desktop") as session,
            self.watch,
            commands(self.root / "one", ready=False) as one,
            commands(self.root / "two", ready=False) as two,
        ):
            for person in (one, two):
                person.environment |= {"HOME": str(self.person_home), "TMPDIR": str(self.temporary)}
                person.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
                person.seconds = _LONG_SECONDS
            self._without_an_account(two)
            self._on_pipes(one)
            self._with_json(one)
            self._misled(one)
            self._at_a_terminal(two)
            self._locked(one)

    # --- one command ------------------------------------------------------------------------------------------------------------------

    def pipe(self, at: Commands, *words: str, said: str = "", code: int | None = 0, door: tuple[str, ...] = (), **variables: str) -> str:
        """Runs one command on pipes; ``code`` is None when it may end as it likes."""
        ended = at.end(*words, said=said, folder=None, **variables)
        printed = ended.stdout + ended.stderr
        assert code is None or ended.returncode == code, f"{words} ended with {ended.returncode}: {printed}"
        self.stops.append(Stop(words, said, printed, ended.returncode, door))
        return ended.stdout

    def terminal(self, at: Commands, *words: str, answers: Answers = (), code: int = 0, door: tuple[str, ...] = ()) -> str:
        """Runs one command at a terminal and answers what it asks."""
        with at.at_terminal(*words) as screen:
            for question, answer in answers:
                screen.answer(question, answer)
            ended = screen.end()
        assert ended == code, f"{words} ended with {ended}: {screen.shown}"
        self.stops.append(Stop(words, "", screen.shown, ended, door, "terminal"))
        return screen.shown

    # --- the parts of the tour --------------------------------------------------------------------------------------------------------

    def _on_pipes(self, at: Commands) -> None:
        password = self["PASSWORD"]
        founded = ("init", "--email", "ada@example.com", "--protection", "guarded", "--recovery-file", "recovery")
        self.pipe(at, *founded, "--password-stdin", said=password)
        self.canaries.add("RECOVERY", (at.folder / "recovery").read_text().strip())
        (at.folder / "recovery").unlink()
        self.pipe(at, "lock")
        self.pipe(at, "unlock", "--recovery", "--password-stdin", said=self["RECOVERY"])
        self.pipe(at, "unlock", "--password-stdin", said=password)
        self.pipe(at, "password", "recovery", "--recovery-file", "again", "--password-stdin", said=password)
        self.canaries.add("RECOVERY_AGAIN", (at.folder / "again").read_text().strip())
        (at.folder / "again").unlink()
        self._projects(at)
        self._secrets(at)
        self._calls(at)
        self._tools(at)
        self._levels(at)
        self.pipe(at, "password", "change", "--password-stdin", said=f"{self['PASSWORD']}\n{self['CHANGED']}\n")

    def _projects(self, at: Commands) -> None:
        self.pipe(at, "project", "create", "spare", "--no-folder")
        self.pipe(at, "project", "create", "shop")
        self.pipe(at, "project", "list")
        self.pipe(at, "project", "use", "shop")
        self.pipe(at, "project", "update", "spare", "--name", "other")
        self.pipe(at, "project", "delete", "other", "--yes")
        self.pipe(at, "project", "restore", "other")
        self.pipe(at, "workspace", "create", "team", "--password-stdin", said=self["PASSWORD"])
        self.pipe(at, "workspace", "switch", "personal")
        self.pipe(at, "workspace", "list")
        self.pipe(at, "environment", "switch", "development")
        self.pipe(at, "environment", "list")

    def _secrets(self, at: Commands) -> None:
        self.pipe(at, "secrets", "set", "PIPED=-", said=self["PIPED"])
        self.pipe(at, "secrets", "set", f"TYPED={self['TYPED']}", "--all-envs")
        self.pipe(at, "secrets", "set", "PAIR", said=f"user:{self['PAIR']}")
        (at.folder / ".env").write_text(f"DOTENV='{self['DOTENV']}'\n")
        self.pipe(at, "secrets", "import", ".env", "--dry-run")
        self.pipe(at, "secrets", "push")
        (at.folder / ".env").write_text(f"DOTENV='{self['DOTENV']}'\nDOTENV=\"{self['DOTENV']}\n")
        self.pipe(at, "secrets", "import", ".env", code=2)
        (at.folder / ".env").unlink()
        self.pipe(at, "secrets", "import", "-", "--format", "json", said=json.dumps({"JSON": self["JSON"]}))
        self.pipe(at, "secrets", "pull")
        self.pipe(at, "secrets", "diff", "--from", "development", "--to", "production")
        self.pipe(at, "secrets", "get", "PIPED", "--password-stdin", said=self["PASSWORD"], door=("PIPED",))
        self.pipe(at, "secrets", "get", "PIPED", "--password-stdin", said=self["WRONG"], code=4)
        self.pipe(at, "secrets", "history", "PIPED")
        self.pipe(at, "secrets", "set", "TYPED=-", said=self["TYPED"])
        self.pipe(at, "secrets", "rollback", "TYPED")
        self.pipe(at, "secrets", "delete", "JSON")
        self.pipe(at, "secrets", "restore", "JSON")
        self.pipe(at, "secrets", "request", "FILLED", "--reason", "for the tour", code=3)
        self.pipe(at, "secrets", "list", "--coverage")
        self.pipe(at, "environment", "copy", "development", "staging")
        self.pipe(at, "environment", "merge", "development", "production", code=2)
        self.pipe(at, "environment", "clean", "staging", "--yes")

    def _calls(self, at: Commands) -> None:
        host, ca = self.upstream.origin.removeprefix("https://"), at.home / "upstream-ca.pem"
        ca.write_text(self.upstream.ca_pem)
        allow = ("workspace", "allowlist", "add", host, *PRIVATE, "--ca", str(ca))
        self.pipe(at, *allow, "--password-stdin", said=self["PASSWORD"])
        bind = ("secrets", "bind", "DOTENV", "--host", host, "--query", "key")
        self.pipe(at, *bind, "--password-stdin", said=self["PASSWORD"])
        url = self.upstream.url
        self.pipe(at, "secrets", "bindings")
        self.pipe(at, "secrets", "providers")
        for style in (("--bearer", "PIPED"), ("--basic", "PAIR"), ("--header", "X-Api-Key=TYPED"), ("--query", "key=DOTENV")):
            assert MARK in self.pipe(at, "call", "--url", url("/echo"), *style)
        for place in ("header", "cookie", "reason", "trailer", "chunks"):
            self.pipe(at, "call", "--url", url(f"/leak/base64-0-0?of=bearer&in={place}"), "--bearer", "PIPED", "--output", "json")
        self.pipe(at, "call", "--url", url("/echo"), "--bearer", "PIPED", code=None, AGENTSECRETS_TOKEN=self["AGENT"])
        self.pipe(at, "call", "--url", "https://elsewhere.example/", "--bearer", "PIPED", code=4)
        self.pipe(at, "call", "--url", url("/reset"), "--bearer", "PIPED", code=None)
        self._handed_over(at)
        self.pipe(at, "env", "--password-stdin", *CHILD, said=self["WRONG"], code=4)
        self.pipe(at, "secrets", "unbind", "DOTENV", "--password-stdin", said=self["PASSWORD"])
        self.pipe(at, "workspace", "allowlist", "list")
        self.pipe(at, "workspace", "allowlist", "log")
        self.pipe(at, "workspace", "allowlist", "remove", "elsewhere.example", "--password-stdin", said=self["PASSWORD"], code=None)
        self.pipe(at, "proxy", "logs", "--last", "50")
        self.pipe(at, "log", "verify")

    def _levels(self, at: Commands) -> None:
        self.pipe(at, "protection", "set", "keychain", "--password-stdin", said=self["PASSWORD"])
        self.pipe(at, "protection", "show")
        self.pipe(at, "call", "--url", self.upstream.url("/echo"), "--bearer", "PIPED")
        self.pipe(at, "protection", "set", "guarded", "--password-stdin", said=self["WRONG"], code=4)
        self.pipe(at, "protection", "set", "guarded", "--password-stdin", said=self["PASSWORD"])
        self._keep_session(at)
        self.pipe(at, "logout", "--password-stdin", said=self["PASSWORD"])
        self.pipe(at, "login", "--password-stdin", said=self["PASSWORD"])
        self._keep_session(at)

    def _handed_over(self, at: Commands) -> None:
        """A command with a value in its environment, which lives until the watch has seen it there."""
        words = ("env", "--only", "PIPED", "--password-stdin", *CHILD[:-1], f"{CHILD[-1]}; cat")
        with subprocess.Popen(
            [PROGRAM, *words],
            cwd=at.folder,
            env=at.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running:
            assert running.stdin is not None
            running.stdin.write(f"{self['PASSWORD']}\n")
            running.stdin.flush()
            deadline = time.monotonic() + _SECONDS
            while not self.watch.saw("PIPED", "environ"):
                assert running.poll() is None
                assert time.monotonic() < deadline, "a secret in an environment would not be seen"
            printed, _ = running.communicate(timeout=_SECONDS)
        assert MARK in printed
        self.stops.append(Stop(words, self["PASSWORD"], printed, running.returncode))

    def _tools(self, at: Commands) -> None:
        for words in ((), ("start",), ("status",), ("rotate-session",)):
            self.pipe(at, *(("proxy", *words) if words else ("status",)))
        self._keep_session(at)
        self.pipe(at, "proxy", "token", door=tuple(name for name in self.canaries.secrets if name.startswith("SESSION")))
        self.pipe(at, "mcp", "install", "--client", "claude-code", "--client", "cursor", "--client", "codex", "--client", "zed")
        self.pipe(at, "mcp", "install", "--list")
        self._serve(at)
        self.pipe(at, "completion", "bash")
        self.pipe(at, "doctor", code=None)
        for harmless in (["install", "--dry-run"], ["status"], ["uninstall", "--dry-run"]):
            self.pipe(at, "service", *harmless, code=None)
        for moves in ("adopt", "release"):
            self.pipe(at, "service", moves, "no-such-user", "--password-stdin", said=self["PASSWORD"], code=None)
        self.pipe(at, "demo", TMPDIR=str(self.root / "one"))

    def _serve(self, at: Commands) -> None:
        with McpClient(at) as tool:
            tool.use("list_secrets")
            tool.use("api_call", url=self.upstream.url("/echo"), injections={"bearer": "PIPED"})
            tool.refused("api_call", url="https://elsewhere.example/", injections={"bearer": "PIPED"})
            tool.refused("request_secret", key=self["PIPED"])
            tool.use("status")
            tool.use("proxy_logs")
            code, errors = tool.end()
            self.stops.append(Stop(("mcp", "serve"), "", tool.said.decode() + errors.decode(), code))

    def _with_json(self, at: Commands) -> None:
        """Each once more, for programs; a password is another one by now, and what can be done once is refused."""
        for stop in self._each():
            words = stop.words if "--output" in stop.words else (*stop.words, "--output", "json")
            self.pipe(at, *words, said=stop.said, code=None, door=stop.door)
        self.pipe(at, "mcp", "uninstall")
        self.pipe(at, "proxy", "stop")
        self.pipe(at, "unlock", "--password-stdin", said=self["CHANGED"])
        self._keep_session(at)

    def _misled(self, at: Commands) -> None:
        """Values where no value belongs: as a flag, as a command; and a wrong password wherever one is asked for."""
        for words in GROUPS:
            self.pipe(at, *words, self["TYPED"], code=2)
            first = next(leaf for leaf in LEAVES if leaf[: len(words)] == words)
            self.pipe(at, *first, f"--{self['TYPED']}", code=2)
        for stop in self._each():
            if "--password-stdin" in stop.words:
                self.pipe(at, *stop.words, said=self["WRONG"], code=None)

    def _locked(self, at: Commands) -> None:
        """Each once more before a locked vault, but for what would open it."""
        self.pipe(at, "lock")
        for stop in self._each():
            if stop.words[0] not in ("init", "unlock", "mcp", "password"):
                self.pipe(at, *stop.words, said=stop.said and self["PIPED"], code=None)

    def _each(self) -> list[Stop]:
        """One stop of each command on pipes, that which went well where one did."""
        best: dict[Words, Stop] = {}
        for stop in self.stops:
            if stop.seen_by == "pipe" and (leaf(stop.words) not in best or stop.code == 0):
                best[leaf(stop.words)] = stop
        return [stop for words, stop in best.items() if words not in ONCE]

    def _without_an_account(self, at: Commands) -> None:
        for words in LEAVES:
            if words not in ONCE and words[0] not in ("init", "mcp", "service"):  # as root these would change the machine
                self.pipe(at, *words, *_least(words), said=self["PIPED"], code=None)

    def _at_a_terminal(self, at: Commands) -> None:
        secret = self.canaries.secrets
        password = ("Password:", secret["PASSWORD"])
        new = (("New password:", secret["PASSWORD"]), ("The same again:", secret["PASSWORD"]))
        shown = self.terminal(at, "init", "--protection", "guarded", answers=(("E-mail", "eve@example.com"), *new), door=("SHOWN",))
        self.canaries.add("SHOWN", _twelve_words(shown))
        self.terminal(at, "lock")
        self.terminal(at, "unlock", answers=(("Password:", secret["WRONG"]), password))
        self.terminal(at, "password", "recovery", answers=(password,), door=("SHOWN_AGAIN",))
        self.canaries.add("SHOWN_AGAIN", _twelve_words(self.stops[-1].printed))
        self.terminal(at, "project", "create", "shop")
        self.terminal(at, "secrets", "set", "ASKED", answers=(("Value of ASKED:", secret["ASKED"]),))
        self.terminal(at, "secrets", "set", "PIPED", answers=(("Value of PIPED:", secret["PIPED"]),))
        self.terminal(at, "secrets", "get", "ASKED", answers=(password,), door=("ASKED",))
        self.terminal(at, "workspace", "allowlist", "add", "api.example.com", answers=(password,))
        self.terminal(at, "workspace", "allowlist", "remove", "api.example.com", answers=(password,))
        self.terminal(at, "workspace", "create", "team", answers=(password,))
        self.terminal(at, "workspace", "switch", "personal")
        self.terminal(at, "secrets", "bind", "ASKED", "--host", "api.example.com", "--bearer", answers=(password,))
        self.terminal(at, "secrets", "unbind", "ASKED", answers=(password,))
        self.pipe(at, "secrets", "request", "FILLED", code=3)
        self.terminal(at, "secrets", "request", answers=(("FILLED in development (Enter skips):", secret["FILLED"]),))
        merged = tuple((f"{key} in PRODUCTION", secret["MERGED"]) for key in ("ASKED", "FILLED", "PIPED"))
        self.terminal(at, "environment", "merge", "development", "production", answers=merged)
        self.terminal(at, "environment", "clean", "production", answers=(("?", "y"),))
        assert MARK in self.terminal(at, "env", "--only", "PIPED", *CHILD, answers=(password,))
        self.terminal(at, "project", "create", "spare", "--no-folder")
        self.terminal(at, "project", "delete", "spare", answers=(("?", "y"),))
        self._foreign_folder(at, password)
        for level in ("keychain", "guarded"):
            self.terminal(at, "protection", "set", level, answers=(password,))
        self.terminal(at, "logout", answers=(password,))
        self.terminal(at, "login", answers=(password,))
        changed = (password, ("New password:", secret["CHANGED"]), ("The same again:", secret["CHANGED"]))
        self.terminal(at, "password", "change", answers=changed)
        self._keep_session(at)

    def _foreign_folder(self, at: Commands, password: tuple[str, str]) -> None:
        """A project file that somebody else wrote is accepted by a person."""
        file = at.folder / ".agentsecrets/project.json"
        file.write_text(file.read_text().replace('"development"', '"staging"'))
        self.terminal(at, "project", "use", answers=(password,))

    def _keep_session(self, at: Commands) -> None:
        token = json.loads((at.home / "session.json").read_text())["token"]
        if token not in self.canaries.secrets.values():
            self.canaries.add(f"SESSION_{len(self.canaries.secrets)}", token)


def _least(words: Words) -> list[str]:
    """A word for each argument that a command must have."""
    return ["KEY" for parameter in LEAVES[words].params if parameter.param_type_name == "argument" and parameter.required]


def _twelve_words(shown: str) -> str:
    lines = [line.strip() for line in shown.splitlines()]
    return next(line for line in lines if len(line.split()) == 12 and line.replace(" ", "").isalpha() and line.islower())
