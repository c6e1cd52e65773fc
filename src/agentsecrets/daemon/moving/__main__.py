"""``python -I -P -m agentsecrets.daemon.moving give|take FOLDER DESCRIPTOR``: the part of the user whose folder it is."""

from __future__ import annotations

import sys
from pathlib import Path

from agentsecrets.daemon.hardening import harden, refuse_privileges
from agentsecrets.daemon.moving.giving import give_away
from agentsecrets.daemon.moving.stream import Stream, told
from agentsecrets.daemon.moving.taking import take
from agentsecrets.errors import AgentSecretsError


def main() -> int:
    """Does one part of a move. It holds no key and asks nobody anything; what it refuses it tells the other end.

    Returns:
        0, or the exit code of the failure's family.
    """
    harden()
    refuse_privileges()
    part, folder, descriptor = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with Stream(descriptor, None) as stream:  # at the other end a person is asked for the password; when that end goes, this one does
        try:
            with told(stream):
                (give_away if part == "give" else take)(stream, folder)
        except AgentSecretsError as failure:
            return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
