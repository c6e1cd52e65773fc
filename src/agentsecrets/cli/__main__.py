"""Lets ``python -m agentsecrets.cli`` run the program where no script was installed."""

import sys

from agentsecrets.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
