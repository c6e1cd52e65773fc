"""The real curl asks the proxy: as an ordinary user with and without a token, as another user, and as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.ordinary_user import OrdinaryUser, ordinary_user
from tests.parts.tls import TlsUpstream

REFUSED = '"error":"unknown_caller"'


@dataclass(frozen=True)
class Scene:
    """Somebody's daemon that may call an upstream, and another user of the machine."""

    person: Commands
    upstream: TlsUpstream
    uid: int
    other: OrdinaryUser

    def shell(self, script: str, uid: int) -> str:
        """What a line of shell prints, by whom it is run."""
        environment = {**self.person.environment, "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}"}
        command = ["sh", "-c", script]
        ended = subprocess.run(
            command, env=environment, cwd="/", user=uid, group=uid, extra_groups=[], capture_output=True, text=True, check=False, timeout=30
        )
        return ended.stdout + ended.stderr

    def curl(self, uid: int, *fields: str, host: str = "127.0.0.1") -> str:
        """curl on ``/proxy``, as the README has it."""
        port = self.person.ask("status")["port"]
        url = self.upstream.url("/leak/plain?of=bearer")
        asked = [f"X-AS-Target-URL: {url}", "X-AS-Inject-Bearer: KEY", *fields]
        given = " ".join(f'-H "{field}"' for field in asked)
        return self.shell(f"curl -s -g --noproxy '*' http://{host}:{port}/proxy {given}", uid)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with (
        ordinary_user() as user,
        ordinary_user(other_than=user.uid) as other,
        TlsUpstream() as upstream,
        commands(user.folder, uid=user.uid) as person,
    ):
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        yield Scene(person, upstream, user.uid, other)


@pytest.mark.other_uid
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_an_ordinary_user_needs_no_token(scene: Scene, host: str) -> None:
    assert scene.curl(scene.uid, host=host) == "before [REDACTED_BY_AGENTSECRETS] after"


@pytest.mark.other_uid
def test_the_token_that_the_command_prints_lets_in(scene: Scene) -> None:
    before = len(scene.upstream.seen)
    said = scene.curl(scene.uid, "X-AS-Session-Token: $(agentsecrets proxy token)")
    assert said == "before [REDACTED_BY_AGENTSECRETS] after"
    assert [seen.credential() for seen in scene.upstream.seen[before:]] == [VALUE.encode()]


@pytest.mark.other_uid
def test_a_wrong_token_is_refused_although_the_user_is_the_same(scene: Scene) -> None:
    assert REFUSED in scene.curl(scene.uid, "X-AS-Session-Token: as_sess_" + "0" * 64)


@pytest.mark.other_uid
def test_another_user_enters_neither_with_a_guess_nor_without_and_can_ask_for_no_token(scene: Scene) -> None:
    before = len(scene.upstream.seen)
    assert REFUSED in scene.curl(scene.other.uid)
    assert REFUSED in scene.curl(scene.other.uid, "X-AS-Session-Token: as_sess_" + "0" * 64)
    assert REFUSED in scene.curl(scene.other.uid, "X-AS-Session-Token: $(agentsecrets proxy token)")
    assert REFUSED in scene.curl(0)
    assert len(scene.upstream.seen) == before


@pytest.mark.other_uid
def test_another_user_reads_no_file_and_reaches_no_socket(scene: Scene) -> None:
    home = scene.person.home
    for name in ("", "state.db", "audit.db", "session.json", "run", "run/control.sock"):
        assert "Permission denied" in scene.shell(f"ls {home / name}", scene.other.uid)
    assert scene.shell(f"cat {home}/session.json {home}/state.db", scene.other.uid).count("Permission denied") == 2
    assert scene.other.attack("ask", home=str(home), verbs=["/v1/session"])["/v1/session"] in ("no_daemon", "daemon_gone")


@pytest.mark.other_uid
def test_another_user_is_refused_by_the_socket_itself_when_the_folders_were_opened(scene: Scene) -> None:
    opened = [scene.person.home.parent, scene.person.home, scene.person.home / "run", scene.person.home / "run" / "control.sock"]
    before = [path.stat().st_mode for path in opened]
    verbs = ["/v1/session", "/v1/status", "/v1/secrets", "/v1/stop"]
    try:
        for path in opened:
            path.chmod(0o777)
        answers = scene.other.attack("ask", home=str(scene.person.home), verbs=verbs)
    finally:
        for path, mode in zip(opened, before, strict=True):
            path.chmod(mode & 0o7777)
    assert answers == dict.fromkeys(verbs, "peer_refused")
    assert scene.person.ask("status")["locked"] is False


@pytest.mark.skipif(os.geteuid() != 0, reason="this is about root")
def test_a_daemon_of_root_lets_nobody_in_without_the_token(person: Commands, upstream: TlsUpstream) -> None:
    person.allow(upstream)
    person.run("secrets", "set", "KEY=-", said=VALUE)
    port, token = person.ask("status")["port"], person.run("proxy", "token").strip()
    command = ["curl", "-s", f"http://127.0.0.1:{port}/proxy", "-H", f"X-AS-Target-URL: {upstream.url('/leak/plain?of=bearer')}"]
    command += ["-H", "X-AS-Inject-Bearer: KEY"]
    assert REFUSED in subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    command += ["-H", f"X-AS-Session-Token: {token}"]
    assert "REDACTED" in subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
