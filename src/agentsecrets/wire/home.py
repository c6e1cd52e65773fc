"""Where the state folder lies and what in it other programs may know by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agentsecrets.wire.service import installed

VARIABLE = "AGENTSECRETS_HOME"
LOCK_FILE = "run/daemon.lock"
READY = b"ready on "
"""What a daemon says to whoever started it once it serves; the port of the proxy follows."""


def default_home(environment: Mapping[str, str]) -> Path:
    """The state folder of this user: the service's, ``AGENTSECRETS_HOME``, or ``.agentsecrets`` in the home folder of the account database.

    Raises:
        ServiceBroken
    """
    if found := installed():
        return Path(found.home)
    chosen = environment.get(VARIABLE, "")
    if chosen:
        return Path(os.path.abspath(chosen))  # noqa: PTH100  (Path.resolve would follow a link that must be refused later)
    import pwd

    return Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".agentsecrets"
