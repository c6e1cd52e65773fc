"""``python -m agentsecrets.daemon.handover``."""

import sys

from agentsecrets.daemon.handover.main import main

if __name__ == "__main__":
    sys.exit(main())
