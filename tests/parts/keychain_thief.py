"""A program of the same user that asks the keychain itself, and opens with what it gets whatever opens.

Run it: ``python -m tests.parts.keychain_thief HOME`` with the session bus in its environment. It prints items, values and private keys.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import closing
from pathlib import Path

import secretstorage

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import UnattendedKeys
from agentsecrets.crypto.levels import open_by_keychain, read_item
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.errors import KeychainItemWrong
from agentsecrets.model.place import Place, ProjectId
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.storage.worker import ThreadWorker
from agentsecrets.vault.secrets import Secrets
from agentsecrets.vault.workspace import Workspace


async def values(store: StateDb, keys: UnattendedKeys) -> list[str]:
    """Every value of every project's development environment."""
    account, worker, found = store.account(), ThreadWorker("thief"), []
    assert account is not None
    for workspace_id in store.workspaces():
        workspace = Workspace(account, keys, [Envelope.decode(entry) for entry in store.ledger(workspace_id)], workspace_id)
        secrets = Secrets(workspace, store, worker, SystemClock())
        for project_id, _ in workspace.state.projects:
            place = Place(workspace_id, ProjectId(project_id), "development")
            found += [(await secrets.open(place, line.key)).reveal().decode() for line in await secrets.lines(place)]
    worker.close()
    return found


def main() -> None:
    """Takes what there is."""
    store = StateDb(Home(Path(sys.argv[1])).state_db)
    account = store.account()
    assert account is not None
    with closing(secretstorage.dbus_init()) as bus:
        items = [item.get_secret().decode() for item in secretstorage.Collection(bus).search_items({"service": "agentsecrets"})]
    opened: list[str] = []
    seeds: list[str] = []
    for item in items:
        try:
            keys = open_by_keychain(account, read_item(item))
        except KeychainItemWrong:
            continue
        opened += asyncio.run(values(store, keys))
        seeds += [keys.sealing.seed().hex(), keys.device.seed().hex()]
    sys.stdout.write(json.dumps({"items": items, "values": opened, "seeds": seeds}))


if __name__ == "__main__":
    main()
