"""A desktop session without a screen: a session bus of its own, and GNOME Keyring on it."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from jeepney.io.blocking import DBusConnection, open_dbus_connection
from secretstorage import Collection, SecretStorageException

from tests.parts.patience import wait_until

LOGIN = "login-keyring-password-of-the-tests"
_SECONDS = 20.0
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


class Desktop:
    """One session: nothing on its bus starts by itself.

    Args:
        root: A folder; the path of a socket below it is kept short by a link elsewhere.
        uid: Whose session it is, None for that of whoever runs the tests.

    Attributes:
        address: Where the bus is, as ``DBUS_SESSION_BUS_ADDRESS`` has it.
    """

    def __init__(self, root: Path, uid: int | None = None) -> None:
        self._root, self._uid = root, uid
        self._run = Path(tempfile.mkdtemp(prefix="bus"))
        for folder in (root, self._run):
            folder.mkdir(exist_ok=True, mode=0o700)
            if uid is not None:
                os.chown(folder, uid, uid)
        self.address = f"unix:path={self._run}/bus"
        configuration = self._run / "bus.conf"
        configuration.write_text(_BUS.format(path=self._run / "bus"))
        configuration.chmod(0o644)
        self._bus = self._start("dbus-daemon", "--nofork", "--nosyslog", f"--config-file={configuration}")
        self._keyring: subprocess.Popen[bytes] | None = None
        wait_until(self._answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.log_out()
        self._bus.kill()
        self._bus.wait()
        subprocess.run(["rm", "-rf", str(self._run)], check=True)

    def log_in(self) -> None:
        """Starts GNOME Keyring as logging in does: its default collection opens by the login password."""
        self._keyring = self._start(
            "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", f"--control-directory={self._run}/control"
        )
        assert self._keyring.stdin is not None
        self._keyring.stdin.write(LOGIN.encode())
        self._keyring.stdin.close()
        wait_until(lambda: self.is_locked() is False)

    def log_out(self) -> None:
        """Ends GNOME Keyring; what it keeps stays on its disk."""
        if self._keyring is not None:
            self._keyring.kill()
            self._keyring.wait()
            self._keyring = None

    def log_in_without_password(self) -> None:
        """Starts GNOME Keyring as an automatic login does: its default collection stays locked."""
        self._keyring = self._start(
            "gnome-keyring-daemon", "--foreground", "--components=secrets", f"--control-directory={self._run}/control"
        )
        wait_until(lambda: self.is_locked() is True)

    def lock(self) -> None:
        """Locks the default collection, as a person does in its program."""
        with self.collection() as opened:
            opened.lock()
        assert self.is_locked() is True

    def is_locked(self) -> bool | None:
        """Whether the default collection is locked, None while there is none."""
        try:
            with self.collection() as found:
                return found.is_locked()
        except SecretStorageException:
            return None

    @contextmanager
    def collection(self) -> Iterator[Collection]:
        """The default collection, as any program of this user sees it."""
        with closing(self.connection()) as bus:
            yield Collection(bus)

    def items(self) -> dict[str, bytes]:
        """Everything of ours in the default collection, as any program of this user can ask for it: user name → what is in it."""
        with self.collection() as opened:
            found = opened.search_items({"service": "agentsecrets"})
            return {item.get_attributes()["username"]: item.get_secret() for item in found}

    def forget(self) -> None:
        """Removes everything of ours, as a person does in its program."""
        with self.collection() as opened:
            for item in list(opened.search_items({"service": "agentsecrets"})):
                item.delete()

    def connection(self) -> DBusConnection:
        """A connection to the bus, by the user whose session it is."""
        if self._uid is None:
            return open_dbus_connection(bus=self.address)
        os.setresuid(self._uid, self._uid, 0)
        try:
            return open_dbus_connection(bus=self.address)
        finally:
            os.setresuid(0, 0, 0)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._root),
            "XDG_DATA_HOME": str(self._root),
            "XDG_RUNTIME_DIR": str(self._run),
            "DBUS_SESSION_BUS_ADDRESS": self.address,
        }
        return subprocess.Popen(
            words,
            env=environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._uid,
            group=self._uid,
            extra_groups=None if self._uid is None else [],
            umask=0o077,
        )

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.address.removeprefix("unix:path="))
        except OSError:
            return False
        return True


@contextmanager
def desktop(root: Path, uid: int | None = None) -> Iterator[Desktop]:
    """A session of somebody who has logged in."""
    with Desktop(root, uid) as started:
        started.log_in()
        yield started
