"""The agents weigh two gigabytes: what drives them is looked at only when `make test-clients` asks for it."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("AGENTSECRETS_TEST_AGENTS") else ["test_*.py"]
