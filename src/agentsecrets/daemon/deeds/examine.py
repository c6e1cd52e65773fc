"""Looks at the state folder for ``doctor``: opens no key, asks nobody, changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.settings import Settings, read_settings
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AgentSecretsError
from agentsecrets.network.tls import known_authorities
from agentsecrets.storage.paths import Home
from agentsecrets.storage.sqlite import check_header


def _perform(asked: Asked, _: Person) -> dict[str, Any]:
    home, refused = Home(Path(asked.home)), {}

    def check(part: str, deed: Callable[[], object]) -> None:
        try:
            deed()
        except AgentSecretsError as failure:
            refused[part] = {"slug": failure.slug, "message": failure.message, "hint": failure.hint}

    check("folder", home.check)
    check("settings", lambda: read_settings(home))
    check("state", lambda: check_header(home.state_db))
    check("log", lambda: check_header(home.audit_db))
    settings = Settings() if "settings" in refused else read_settings(home)
    return {"refused": refused, "account": home.state_db.exists(), "port": settings.port, "authorities": known_authorities()}


DEED = Deed("examine", Asked, _perform)
