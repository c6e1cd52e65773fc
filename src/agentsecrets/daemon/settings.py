"""Settings that outlive a daemon, in ``config.json``."""

from __future__ import annotations

import msgspec

from agentsecrets.model.statement import read_json
from agentsecrets.storage.files import read_own, write_atomically
from agentsecrets.storage.paths import Home
from agentsecrets.wire.headers import DEFAULT_PORT

EIGHT_HOURS = 8 * 3600


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose.

    Attributes:
        port: Port of the proxy.
        idle_lock_s: Seconds without use after which the vault is locked.
    """

    port: int = DEFAULT_PORT
    idle_lock_s: int = EIGHT_HOURS


def read_settings(home: Home) -> Settings:
    """What was chosen last, or what holds where nothing was.

    Raises:
        FormatUnknown: When the file is not what ``choose`` writes.
    """
    content = read_own(home.config_file)
    return Settings() if content is None else read_json(content, Settings, "config.json")


def choose(home: Home, *, port: int | None = None, idle_lock_s: int | None = None) -> Settings:
    """Remembers what was chosen anew; what is None stays as it was.

    Raises:
        FormatUnknown, StateUnwritable
    """
    before = read_settings(home)
    chosen = Settings(port=before.port if port is None else port, idle_lock_s=before.idle_lock_s if idle_lock_s is None else idle_lock_s)
    if chosen != before:
        write_atomically(home.config_file, msgspec.json.encode(chosen) + b"\n")
    return chosen
