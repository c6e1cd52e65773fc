"""``python -I -P -m agentsecrets.daemon``."""

import sys

from agentsecrets.daemon.main import main

sys.exit(main())
