"""Whoever has formats.md and a library of primitives can read what this project writes."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import independent
from tests.vectors.frozen import altered, every_alteration, frozen
from tests.vectors.independent import Broken, derive, frame


def test_the_second_reading_shares_no_code_with_the_first():
    tree = ast.parse(Path(independent.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.startswith(("agentsecrets", "tests", "msgspec", "nacl"))}


def test_it_derives_the_same_keys_and_frames_the_same_fields():
    vector = frozen("blocks")
    assert frame(*(text.encode() for text in vector["fields"])) == vector["frame"]
    assert derive(vector["key"], b"agentsecrets/v1/ledger") == vector["derived"]
    assert independent.pae("checkpoint", b"\x01{}") == vector["pae"]
    assert independent.unseal(vector["key"], vector["sealed"], vector["associated"]) == vector["plain"]


def test_it_opens_every_version_of_a_secret():
    vector, vault_key = _vault()
    place = (vector["workspace_id"], vector["project_id"], vector["environment"])
    heads = []
    for record, value in zip(vector["records"], vector["values"], strict=True):
        head, opened = independent.read_record(vault_key, place, record)
        assert opened == value
        assert independent.record_digest(record) == record["digest"]
        heads.append(head)
    assert [head["key"] for head in heads] == [vector["key"]] * 2
    assert [head["parent"] for head in heads] == ["", vector["records"][0]["digest"]]
    name_key = independent.unseal(vault_key, vector["sealed_name_key"], frame(b"name-key", *(text.encode() for text in place)))
    assert hmac.new(name_key, vector["key"].encode(), hashlib.sha256).hexdigest() == vector["records"][0]["record_id"]


@pytest.mark.parametrize("part", ["head", "body"])
def test_it_refuses_a_record_with_any_byte_altered(part: str):
    vector, vault_key = _vault()
    place, record = (vector["workspace_id"], vector["project_id"], vector["environment"]), vector["records"][0]
    for spoiled in every_alteration(record[part]):
        with pytest.raises(Broken):
            independent.read_record(vault_key, place, record | {part: spoiled})


def test_it_opens_what_lies_under_the_item_of_a_keychain():
    vector = frozen("keychain")
    document, item = json.loads(vector["document"]), bytes.fromhex(vector["item"])
    assert item[:1] == b"\x01"
    associated = frame(b"keychain-key", document["account_id"].encode(), b"keychain", vector["item_name"].encode())
    assert independent.unseal(item[1:], base64.b64decode(document["keychain"]["pack"]), associated) == vector["pack_plain"]


def test_it_replays_the_ledger():
    vector = frozen("ledger")
    identity = independent.read_identity(vector["identity"])
    told = independent.read_ledger(vector["entries"], identity, derive(vector["workspace_key"], b"agentsecrets/v1/ledger"))
    assert told == [
        ("workspace.created", {"name": "personal"}),
        ("project.created", {"name": "shop"}),
        ("project.renamed", {"name": "webshop"}),
        ("project.created", {"name": "old"}),
        ("project.deleted", {}),
        ("allowlist.added", {"host": "api.example.com", "port": 8443, "plain_http": False, "private": ["10.0.0.0/8"], "ca": ""}),
        ("allowlist.added", {"host": "api.example.org", "port": 443, "plain_http": False, "private": [], "ca": ""}),
        ("allowlist.removed", {}),
    ]


def test_it_refuses_a_ledger_with_two_entries_swapped():
    vector = frozen("ledger")
    identity, entries = independent.read_identity(vector["identity"]), list(vector["entries"])
    entries[5], entries[6] = entries[6], entries[5]
    with pytest.raises(Broken):
        independent.read_ledger(entries, identity, vector["ledger_key"])


def test_it_verifies_the_log_and_names_the_row_that_was_altered():
    vector = frozen("audit")
    identity = independent.read_identity(vector["identity"])
    rows, checkpoints = vector["rows"], [vector["checkpoint"]]
    assert independent.first_bad_row(rows, checkpoints, identity) is None
    spoiled = [*rows[:2], rows[2] | {"payload": altered(rows[2]["payload"], 60)}, rows[3]]
    assert independent.first_bad_row(spoiled, checkpoints, identity) == 2
    assert independent.first_bad_row(rows[:3], checkpoints, identity) == 3


def _vault() -> tuple[Any, bytes]:
    vector = frozen("record")
    purpose = frame(b"agentsecrets/v1/vault", vector["project_id"].encode(), vector["environment"].encode())
    return vector, derive(vector["workspace_key"], purpose)
