"""A machine of its own to install things on: this one's files under a layer that is thrown away, and its own processes.

Nothing that is done there is seen here, but for the network's loopback, which both share. On request systemd runs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import agentsecrets
from tests.parts.terminal import Terminal

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED_FROM = str(Path(sys.executable).with_name("agentsecrets"))
SERVICE = "/opt/agentsecrets/bin/agentsecrets"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_SOURCE = str(Path(agentsecrets.__path__[0]).parent)
"""What these tests import is what is installed there, also when it is a copy of the source."""
_SYSTEMD = "/lib/systemd/systemd"
_TARGET = "agentsecrets-test.target"
_SECONDS = 30.0

_LAYERS = """
set -eu
mount --make-rprivate /
mount -t tmpfs layer /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay layer -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
root=/mnt/root
source=$1
copied=$2
shift 2
for own in "$@"; do
  test "$(stat -c %d "$own")" = "$(stat -c %d /)" || { mkdir -p "$root$own"; mount --rbind "$own" "$root$own"; }
done
mount --bind "$source" "$root$copied"
mount -t proc proc $root/proc
mount --rbind /dev $root/dev
mount -t tmpfs -o mode=755 run $root/run
mount -t tmpfs -o mode=1777 tmp $root/tmp
mount -t sysfs sysfs $root/sys
cd $root
"""

_PLAIN = f"{_LAYERS}exec chroot $root /bin/sh -c 'cd {REPOSITORY} && exec {sys.executable} -m tests.parts.machine'"

_BOOTED = f"""{_LAYERS}
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
rm -rf $root/lib/systemd/system/*.wants $root/etc/systemd/system/*.wants
printf '[Unit]\\nDefaultDependencies=no\\n' > $root/etc/systemd/system/{_TARGET}
exec chroot $root env -i container=tests {_SYSTEMD} --system --unit={_TARGET} --log-target=null --show-status=no
"""


class Machine:
    """One such machine, running.

    Args:
        pid: Its first process, as this machine counts.
    """

    def __init__(self, pid: int) -> None:
        self._inside = ["nsenter", f"--target={pid}", "--mount", "--pid", "--uts", "--ipc", "--root", "--wd"]

    def words(self, *words: str, user: str = "root") -> list[str]:
        """A command line that runs another one in there."""
        become = ["setpriv", f"--reuid={user}", f"--regid={self.gid(user)}", "--init-groups"] if user != "root" else []
        return [*self._inside, "--", *become, *words]

    def end(self, *words: str, user: str = "root", said: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs one command there to its end."""
        return subprocess.run(
            self.words(*words, user=user),
            input=said,
            env={**ENVIRONMENT, **variables},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def run(self, *words: str, user: str = "root", said: str = "", code: int = 0, **variables: str) -> str:
        """Runs one command that must end with a status; answers what it printed, standard error with it when it failed as it should."""
        ended = self.end(*words, user=user, said=said, **variables)
        assert ended.returncode == code, f"{words}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout + (ended.stderr if code else "")

    def ask(self, *words: str, user: str = "root", said: str = "", code: int = 0, **variables: str) -> Any:
        """Runs one of our commands with ``--output json``."""
        return json.loads(self.end_as(code, *words, "--output", "json", user=user, said=said, **variables).stdout)

    def end_as(self, code: int, *words: str, user: str, said: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs one command that must end with a status."""
        ended = self.end(*words, user=user, said=said, **variables)
        assert ended.returncode == code, f"{words}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended

    def begin(self, *words: str, user: str = "root") -> subprocess.Popen[str]:
        """Starts one command there."""
        return subprocess.Popen(
            self.words(*words, user=user),
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def at_terminal(self, *words: str, user: str = "root") -> Terminal:
        """Runs one command there on a terminal."""
        return Terminal(self.words(*words, user=user), Path("/"), ENVIRONMENT)

    def attack(self, deed: str, user: str, **arguments: Any) -> Any:
        """Runs one deed of ``tests.parts.attacker`` there, as a user."""
        command = f'cd {REPOSITORY} && exec {sys.executable} -m tests.parts.attacker {deed} "$1"'
        return json.loads(self.run("/bin/sh", "-c", command, "sh", json.dumps(arguments), user=user))

    def uid(self, user: str) -> int:
        """The number of a user there."""
        return int(self.run("id", "-u", user))

    def gid(self, user: str) -> int:
        """The number of a user's own group there."""
        return int(
            subprocess.run([*self._inside, "--", "id", "-g", user], env=ENVIRONMENT, capture_output=True, check=True, timeout=30).stdout
        )

    def pids(self, user: str) -> list[int]:
        """Processes of a user there, as that machine counts."""
        return [int(pid) for pid in self.end("pgrep", "-u", user).stdout.split()]

    def wait_for(self, *words: str, user: str = "root") -> None:
        """Runs one command again and again until it ends well."""
        deadline = time.monotonic() + _SECONDS
        while (ended := self.end(*words, user=user)).returncode:
            assert time.monotonic() < deadline, f"{words}: {ended.stdout}{ended.stderr}"
            time.sleep(0.05)


@contextmanager
def machine(*, systemd: bool = False) -> Iterator[Machine]:
    """A fresh machine; everything in it ends and is gone afterwards.

    Args:
        systemd: Whether systemd runs it.
    """
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
        pytest.skip("needs root and util-linux, to make a machine of its own")
    if systemd and not Path(_SYSTEMD).exists():
        pytest.skip("systemd is not installed here")
    with _cgroup() if systemd else contextlib.nullcontext(None) as group:
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", *(["--cgroup"] if systemd else [])]
        join = ["/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"] if group else []
        own = [_SOURCE, str(REPOSITORY / "src"), str(REPOSITORY), sys.prefix, sys.base_prefix]
        holder = subprocess.Popen(
            [*join, "unshare", *namespaces, "/bin/sh", "-c", _BOOTED if systemd else _PLAIN, "sh", *own],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            yield _begun(holder, systemd=systemd)
        finally:
            holder.kill()
            holder.communicate()


def _begun(holder: subprocess.Popen[bytes], *, systemd: bool) -> Machine:
    deadline = time.monotonic() + _SECONDS
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    while time.monotonic() < deadline:
        if holder.poll() is not None:
            assert holder.stderr is not None
            pytest.skip(f"a machine of its own cannot be made here: {holder.stderr.read().decode(errors='replace').strip()}")
        if first := children.read_text().split():
            begun = Machine(int(first[0]))
            sign = ["systemctl", "is-active", _TARGET] if systemd else ["test", "-e", "/run/begun"]
            if begun.end(*sign).returncode == 0:
                return begun
        time.sleep(0.02)
    raise AssertionError("the machine did not begin in time")


@contextmanager
def _cgroup() -> Iterator[Path]:
    """A control group of the second version for what systemd makes below it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    top = next((Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"), None)
    if top is None or not os.access(top, os.W_OK):
        pytest.skip("systemd needs control groups of the second version, and there are none here")
    group = top / f"agentsecrets-tests-{os.getpid()}"
    group.mkdir(exist_ok=True)
    try:
        yield group
    finally:
        deadline = time.monotonic() + _SECONDS
        while group.exists() and time.monotonic() < deadline:
            for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            with contextlib.suppress(OSError):
                group.rmdir()
            time.sleep(0.02)


def _first_process() -> None:
    """The first process of a machine without systemd: says that it is there, and collects what nobody else collects."""
    Path("/run/begun").touch()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.05)


if __name__ == "__main__":
    _first_process()
