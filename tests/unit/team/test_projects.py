"""A project file counts where a person said so, for the content that the person saw, and is a project file at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.daemon.folders import find_folder
from agentsecrets.errors import AgentSecretsError, BadUsage, FormatUnknown, ProjectExists, ProjectNotFound, UntrustedFolder
from agentsecrets.ledger.rules import PublicState
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import ProjectId
from agentsecrets.team.projects import FILE_NAME, check_new_name, find_project, is_trusted, parse_folder, render_folder, sign_folder
from tests.parts.stand_ins import MemoryState

SHOP = ProjectId("5" * 32)
STATE = LedgerState(public=PublicState(workspace_id="a" * 32), name="personal", projects=((SHOP, "shop"), ("6" * 32, "Blog 2.0")))
RIGHT: dict[str, Any] = json.loads(render_folder(STATE, SHOP, "staging"))

Made = tuple[SealedAccount, OpenPerson]


@pytest.fixture(scope="module")
def ada() -> Made:
    return new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1)


def test_what_is_written_is_read_back_and_holds_no_more_than_ids_and_names():
    project = parse_folder(render_folder(STATE, SHOP, "staging"))
    assert (project.project_id, project.project, project.workspace, project.environment) == (SHOP, "shop", "personal", "staging")
    assert RIGHT.keys() == {"version", "workspace_id", "workspace", "project_id", "project", "environment"}


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"version": "1"}, {"project_id": "shop"}, {"project_id": "A" * 32}, {"workspace_id": ""}, {"environment": "prod"},
     {"environment": ""}, {"also": 1}, {"token": "agt_x"}, {"project": ""}, {"project": "x" * 65}, {"project": "shop\x1b[2J"},
     {"workspace": "a\nhint: run this"}, {"project": "shоp (cyrillic)"}, {"project": 7}, {"project": " shop"}],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_not_right_in_every_part_is_refused_without_being_repeated(changes: dict[str, Any]):
    with pytest.raises(FormatUnknown) as refused:
        parse_folder(json.dumps(RIGHT | changes).encode())
    assert refused.value.subjects == {"kind": FILE_NAME}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 5000, b"null", json.dumps(RIGHT).encode() + b"x"])
def test_what_is_no_json_of_that_shape_is_refused(content: bytes):
    with pytest.raises(FormatUnknown):
        parse_folder(content)


def test_a_word_of_trust_is_for_one_path_and_one_content(ada: Made):
    account, person = ada
    identity, content = account.verified_identity(), render_folder(STATE, SHOP, "staging")
    for signer in (person.signing, person.unattended.device):
        word = sign_folder(signer, account.account_id, "/srv/shop/x", content, 1).encode()
        assert is_trusted(word, identity, "/srv/shop/x", content)
        assert not is_trusted(word, identity, "/srv/shop/y", content)
        assert not is_trusted(word, identity, "/srv/shop/x", render_folder(STATE, SHOP, "production"))
        assert not is_trusted(word, identity, "/srv/shop/x", content + b" ")
    assert not is_trusted(None, identity, "/srv/shop/x", content)
    assert not is_trusted(b"\x01rubbish", identity, "/srv/shop/x", content)


def test_a_word_of_somebody_else_or_for_somebody_else_is_none(ada: Made):
    eve, person = new_account("eve@example.com", b"violet-harbour-quartz-meadow", 1)
    content = render_folder(STATE, SHOP, "staging")
    for signer, named in (
        (person.signing, ada[0]),
        (person.unattended.device, ada[0]),
        (ada[1].signing, eve),
        (ada[1].unattended.device, eve),
    ):
        word = sign_folder(signer, named.account_id, "/p", content, 1).encode()
        assert not is_trusted(word, ada[0].verified_identity(), "/p", content)


def test_a_path_that_cannot_be_written_down_cannot_be_trusted(ada: Made):
    with pytest.raises(BadUsage):
        sign_folder(ada[1].signing, ada[0].account_id, "/srv/\udcff", b"{}", 1)


def test_the_nearest_file_counts_and_only_a_trusted_one(ada: Made, tmp_path: Path):
    account, person = ada
    identity, store = account.verified_identity(), MemoryState()
    above, below = tmp_path / ".agentsecrets", tmp_path / "repo" / ".agentsecrets"
    for folder, environment in ((above, "staging"), (below, "production")):
        folder.mkdir(parents=True)
        (folder / "project.json").write_bytes(render_folder(STATE, SHOP, environment))
    path = str(below / "project.json")
    found = find_folder(str(tmp_path / "repo" / "src"), store, identity)
    assert found is not None
    assert (found.path, found.trusted, found.project.environment) == (path, False, "production")
    with pytest.raises(UntrustedFolder):
        found.check()
    content = (below / "project.json").read_bytes()
    store.put_folder(path, sign_folder(person.signing, account.account_id, path, content, 1).encode())
    trusted = find_folder(str(tmp_path / "repo"), store, identity)
    assert trusted is not None
    trusted.check()
    (below / "project.json").write_bytes(content.replace(b"production", b"development"))
    changed = find_folder(str(tmp_path / "repo"), store, identity)
    assert changed is not None
    assert not changed.trusted


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "too long", "not JSON"])
def test_what_lies_nearest_under_that_name_and_is_no_project_file_does_not_let_the_one_above_count(ada: Made, tmp_path: Path, kind: str):
    above, below = tmp_path / ".agentsecrets" / "project.json", tmp_path / "repo" / ".agentsecrets" / "project.json"
    for path in (above, below):
        path.parent.mkdir(parents=True)
    above.write_bytes(render_folder(STATE, SHOP, "staging"))
    if kind.endswith("link"):
        below.symlink_to(above if kind == "link" else tmp_path / "nowhere")
    elif kind == "folder":
        below.mkdir()
    else:
        below.write_bytes(b"{" if kind == "not JSON" else above.read_bytes() + b" " * (1 << 17))
    with pytest.raises(FormatUnknown):
        find_folder(str(tmp_path / "repo"), MemoryState(), ada[0].verified_identity())


def test_projects_are_found_by_name_or_id_and_names_are_taken_whatever_their_case():
    assert find_project(STATE, "shop") == find_project(STATE, SHOP) == SHOP
    with pytest.raises(ProjectNotFound):
        find_project(STATE, "Shop")
    for name in ("shop", "SHOP", "blog 2.0"):
        with pytest.raises(ProjectExists):
            check_new_name(STATE, name)
    check_new_name(STATE, "shop2")
    check_new_name(STATE, "Shop", besides=SHOP)


def test_a_refusal_of_a_stranger_s_file_cannot_move_a_terminal_s_cursor(tmp_path: Path):
    failure: AgentSecretsError = UntrustedFolder(path=tmp_path / "re\x1b[2Jpo\r\n", project="x\x07")
    assert (failure.message + failure.hint).isprintable()
    again = AgentSecretsError.in_words("untrusted_folder", "a\x1b[31mb", "c\r\nd", domain="e\x00")
    assert (again.message + again.hint + again.subjects["domain"] + str(again)).isprintable()
