"""``python -I -P -m agentsecrets.daemon.keychain``."""

import sys

from agentsecrets.daemon.keychain.program import main

sys.exit(main())
