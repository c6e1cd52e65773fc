"""Whatever stands in the environment of a command, daemon and presence program do not see it, and a value goes where it would have gone."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.parts.commands import NO_BUS, PASSWORD, VALUE, Commands, commands
from tests.parts.ordinary_user import ordinary_user
from tests.parts.tls import TlsUpstream

pytestmark = pytest.mark.other_uid

HOSTILE = {
    # the dynamic linker and the C library
    "LD_PRELOAD": "{library}",
    "LD_LIBRARY_PATH": "{trap}",
    "LD_AUDIT": "{library}",
    "LD_DEBUG_OUTPUT": "{trap}/linker",
    "GLIBC_TUNABLES": "glibc.malloc.check=3",
    "MALLOC_PERTURB_": "165",
    "MALLOC_TRIM_THRESHOLD_": "1",
    "GCONV_PATH": "{trap}",
    "LOCPATH": "{trap}",
    "NLSPATH": "{trap}/%N",
    "TZDIR": "{trap}",
    "RES_OPTIONS": "attempts:1 timeout:1",
    "LOCALDOMAIN": "evil.example",
    "HOSTALIASES": "{trap}/aliases",
    # Python
    "PYTHONPATH": "{trap}",
    "PYTHONHOME": "{trap}",
    "PYTHONSTARTUP": "{trap}/sitecustomize.py",
    "PYTHONUSERBASE": "{trap}",
    "PYTHONINSPECT": "1",
    "PYTHONBREAKPOINT": "sitecustomize.trap",
    "PYTHONWARNINGS": "error",
    "PYTHONDEVMODE": "1",
    "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONPYCACHEPREFIX": "{trap}/cache",
    "PYTHONIOENCODING": "utf-16",
    "PYTHONPLATLIBDIR": "evil",
    "PYTHONEXECUTABLE": "{trap}/python",
    "PYTHONTRACEMALLOC": "1",
    "PYTHONASYNCIODEBUG": "1",
    # TLS and proxies
    "SSL_CERT_FILE": "{trap}/ca.pem",
    "SSL_CERT_DIR": "{trap}",
    "SSLKEYLOGFILE": "{trap}/keys.log",
    "OPENSSL_CONF": "{trap}/openssl.cnf",
    "OPENSSL_MODULES": "{trap}",
    "OPENSSL_ENGINES": "{trap}",
    "REQUESTS_CA_BUNDLE": "{trap}/ca.pem",
    "CURL_CA_BUNDLE": "{trap}/ca.pem",
    **{name: "http://127.0.0.1:{port}" for stem in ("https_proxy", "http_proxy", "all_proxy") for name in (stem, stem.upper())},
    "NO_PROXY": "",
    "no_proxy": "",
    # folders and programs
    "HOME": "{trap}",
    "TMPDIR": "{trap}",
    "PATH": "{trap}",
    "SHELL": "{trap}/sh",
    "EDITOR": "{trap}/sh",
    "PAGER": "{trap}/sh",
    "XDG_CONFIG_HOME": "{trap}",
    "XDG_DATA_HOME": "{trap}",
    "XDG_RUNTIME_DIR": "{trap}",
    "XDG_CACHE_HOME": "{trap}",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path={trap}/bus",
    "VIRTUAL_ENV": "{trap}",
    "SQLITE_TMPDIR": "{trap}",
    "UV_THREADPOOL_SIZE": "1",
    # our own
    "AGENTSECRETS_PORT": "{port}",
    "AGENTSECRETS_ENVIRONMENT": "production",
    "AGENTSECRETS_PROJECT": "another",
    "AGENTSECRETS_HOME": "{trap}/home",
    "AGENTSECRETS_TOKEN": "as_sess_0000",
    "AGENTSECRETS_AGENT_ID": "evil\r\nX-AS-Session-Token: evil",
}
BREAKS_THE_COMMAND = frozenset(
    {"PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "PYTHONINSPECT"}
    | {f"AGENTSECRETS_{name}" for name in ("HOME", "PROJECT", "ENVIRONMENT", "TOKEN", "AGENT_ID")}
)
"""With these a command fails or speaks of another place, as it should."""
PASSED_ON = {
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "LANG",
    "PATH",
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_TOP_PAD_",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_ARENA_MAX",
}
CUSTOMIZE = """
import os
open({trap!r} + "/ran", "a").write(open("/proc/self/cmdline").read().replace(chr(0), " ") + chr(10))
def trap(*words): pass
"""


@dataclass(frozen=True)
class Scene:
    """Somebody's commands, an allowed upstream, and a trap: a folder and a port that see what comes to them."""

    person: Commands
    upstream: TlsUpstream
    trap: Path
    listener: socket.socket
    library: str

    def variables(self, *names: str) -> dict[str, Any]:
        """These variables of ``HOSTILE``."""
        port = self.listener.getsockname()[1]
        return {name: HOSTILE[name].format(trap=self.trap, port=port, library=self.library) for name in names}

    def nobody_came(self) -> bool:
        """Whether nobody has connected to the trap's port."""
        try:
            self.listener.accept()
        except BlockingIOError:
            return True
        return False


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with ordinary_user() as user, TlsUpstream() as upstream, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        trap = user.folder / "trap"
        trap.mkdir()
        (trap / "sitecustomize.py").write_text(CUSTOMIZE.format(trap=str(trap)))
        (trap / "usercustomize.py").write_text(CUSTOMIZE.format(trap=str(trap)))
        (trap / "ca.pem").write_text("no certificate")
        (trap / "openssl.cnf").write_text("openssl_conf = nothing\n")
        (trap / "aliases").write_text("localhost evil.example\n")
        trap.chmod(0o777)
        libraries = [path for folder in ("/lib", "/usr/lib", "/lib64") for path in Path(folder).glob("**/libBrokenLocale.so.1")]
        if not libraries:
            pytest.skip("there is no libBrokenLocale.so.1 of glibc here to preload")
        with commands(user.folder, uid=user.uid) as person:
            person.allow(upstream)
            person.run("secrets", "set", "KEY=-", said=VALUE)
            person.run("call", "--url", upstream.url("/leak/plain"), "--bearer", "KEY")
            yield Scene(person, upstream, trap, listener, str(libraries[0]))


def test_a_preloaded_library_is_in_a_program_that_has_the_variable(scene: Scene) -> None:
    maps = subprocess.run(["cat", "/proc/self/maps"], env=scene.variables("LD_PRELOAD"), check=True, capture_output=True, text=True).stdout
    assert "libBrokenLocale" in maps


def test_daemon_and_presence_program_start_with_nothing_of_the_environment(scene: Scene) -> None:
    variables = scene.variables(*(HOSTILE.keys() - BREAKS_THE_COMMAND - {"AGENTSECRETS_PORT"}))  # that port is the trap's, and taken

    assert len(variables) >= 30
    ended = scene.person.end("unlock", "--password-stdin", said=PASSWORD, **variables)
    assert ended.returncode == 0, ended.stderr
    daemon = scene.person.ask("status")["pid"]
    _is_clean(scene, daemon)
    scene.person.run("lock", **scene.variables("LD_PRELOAD", "SSLKEYLOGFILE"))
    _is_clean(scene, scene.person.ask("status")["pid"])
    scene.person.run("unlock", "--password-stdin", said=PASSWORD)


def _is_clean(scene: Scene, pid: int) -> None:
    """What only root can see: environment and libraries of a process."""
    environment = dict(entry.split("=", 1) for entry in Path(f"/proc/{pid}/environ").read_text().split("\0") if entry)
    assert environment.keys() <= PASSED_ON
    bus = environment.pop(
        "DBUS_SESSION_BUS_ADDRESS"
    )  # the one that comes from the caller: for the keychain's program, see test_keychain.py
    assert bus in {NO_BUS, f"unix:path={scene.trap}/bus"}
    assert str(scene.trap) not in " ".join(environment.values())
    assert environment["MALLOC_TRIM_THRESHOLD_"] != "1"
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "libBrokenLocale" not in maps
    assert str(scene.trap) not in maps


@pytest.mark.parametrize("name", HOSTILE)
def test_a_call_in_a_hostile_environment_goes_where_it_would_have_gone_or_nowhere(scene: Scene, name: str) -> None:
    before = len(scene.upstream.seen)
    words = ("call", "--url", scene.upstream.url("/leak/plain?of=bearer"), "--bearer", "KEY")
    ended = scene.person.end(*words, **scene.variables(name))
    came = [seen.credential() for seen in scene.upstream.seen[before:]]
    assert VALUE not in ended.stdout + ended.stderr
    assert came in ([VALUE.encode()], [])
    assert name in BREAKS_THE_COMMAND or came, ended.stderr


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONPATH", "HTTPS_PROXY", "SSLKEYLOGFILE", "HOSTALIASES", "OPENSSL_CONF", "TMPDIR"])
def test_a_value_is_set_in_a_hostile_environment_as_in_any_other(scene: Scene, name: str) -> None:
    scene.person.run("secrets", "set", "OTHER=-", said=VALUE[::-1], **scene.variables(name))
    assert scene.person.run("secrets", "get", "OTHER", "--password-stdin", said=PASSWORD, **scene.variables(name)) == VALUE[::-1] + "\n"


def test_the_trap_has_seen_nothing_but_the_commands_themselves(scene: Scene) -> None:
    """Runs last: what all tests before have left in the trap."""
    scene.person.run("status", **scene.variables("PYTHONPATH"))
    assert scene.nobody_came()
    ran = (scene.trap / "ran").read_text().splitlines()
    assert ran, "the module on PYTHONPATH was never loaded: the attack does not work"
    assert not [line for line in ran if "agentsecrets.daemon" in line]
    assert not (scene.trap / "keys.log").exists()
    for path in scene.trap.rglob("*"):
        if path.is_file():
            assert not re.search(re.escape(VALUE) + "|" + re.escape(PASSWORD), path.read_bytes().decode("latin-1"))


def test_a_folder_of_somebody_else_is_no_state_folder(scene: Scene) -> None:
    """``AGENTSECRETS_HOME`` may name any folder of this user; one that others prepared or can change is refused."""
    assert "is not safe" in scene.person.run(
        "init", "--email", "a@example.com", "--password-stdin", said=PASSWORD, code=4, AGENTSECRETS_HOME="/tmp"
    )
