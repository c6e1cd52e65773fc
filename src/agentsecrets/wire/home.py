"""Where the state folder lies and what in it other programs may know by name.

Only ``os`` is loaded here while nothing is unusual.
"""

import os

from agentsecrets.wire.service import installed

FOLDER = ".agentsecrets"
"""Name of a user's state folder in the home folder, where nothing else is chosen."""

LOCK_FILE = "run/daemon.lock"
READY = b"ready on "
"""What a daemon says to whoever started it once it serves; the port of the proxy follows."""


def usual_home() -> str:
    """The state folder when no variable chooses it: the service's, else this user's own.

    Raises:
        NoHome, ServiceBroken
    """
    found = installed()
    return found.home if found else own_home()


def own_home() -> str:
    """``FOLDER`` in the home folder that the account database has for this user.

    Raises:
        NoHome
    """
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir + "/" + FOLDER
    except KeyError:
        from agentsecrets.errors import NoHome

        raise NoHome from None
