"""Where a key may go is what a person or this device signed, for this key in this project, and not what lies in the file."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import AgentSecretsError, FormatUnknown, HeadMoved, RecordCorrupt, SignatureInvalid
from agentsecrets.ledger.entries import PROJECT_CREATED, Named
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.model.statement import BindingStatement, as_json
from agentsecrets.vault.signed_bindings import read_binding, write_binding
from tests.parts.house import House, tell
from tests.parts.log import tamper

KEY, OTHER = KeyName("STRIPE_KEY"), KeyName("OTHER_KEY")
BINDING = Binding(KEY, ("api.example.com",), "bearer")
WIDER = Binding(KEY, ("api.example.com", "evil.example.net"), "bearer")


def _alter(house: House, statement: str, *values: object) -> None:
    tamper(house.home.state_db, lambda file: file.execute(statement, values))


def _signed(house: House, binding: Binding, signer: SigningKey | None = None, **changes: Any) -> Envelope:
    """A binding, with parts of its public statement changed before it is signed."""
    place = house.place
    envelope = write_binding(
        house.workspace.keys, place, binding, previous=None, author=house.account.account_id, signer=house.person.signing, now_ms=1
    )
    statement = json.loads(envelope.payload[1:]) | changes
    return (signer or house.person.signing).sign(BindingStatement(**statement), envelope.sealed)


def test_what_a_person_chose_is_found_by_the_next_daemon_in_every_environment(tmp_path: Path):
    async def story(house: House) -> None:
        await house.bind(BINDING)
        for environment in ("development", "staging", "production"):
            place = Place(house.workspace.id, house.project_id, environment)
            assert await house.fresh_bindings().find(place, KEY) == BINDING
        assert await house.fresh_bindings().find(house.place, OTHER) is None

    tell(tmp_path, story)


def test_the_first_pin_stands(tmp_path: Path):
    async def story(house: House) -> None:
        first, second = replace(BINDING, origin="pinned"), replace(WIDER, origin="pinned")
        told = await asyncio.gather(*(house.bindings.pin(house.place, pin) for pin in (first, second, second)))
        assert told == [first] * 3
        assert await house.fresh_bindings().pin(house.place, second) == first

    tell(tmp_path, story)


def test_a_binding_of_a_person_is_replaced_by_a_person_only_who_knows_it(tmp_path: Path):
    async def story(house: House) -> None:
        first = await house.bind(BINDING)
        with pytest.raises(HeadMoved):
            await house.bind(WIDER)
        await house.bind(WIDER, previous=first.encode())
        with pytest.raises(HeadMoved):
            await house.bindings.accept(first)
        assert await house.bindings.find(house.place, KEY) == WIDER

    tell(tmp_path, story)


def test_a_device_signs_pins_only_and_no_person_s_choice(tmp_path: Path):
    async def story(house: House) -> None:
        device = house.person.unattended.device
        for envelope in (_signed(house, WIDER, device), _signed(house, replace(WIDER, origin="pinned"))):
            with pytest.raises(SignatureInvalid):
                read_binding(house.workspace.keys, house.workspace.identity, envelope)
        with pytest.raises(SignatureInvalid):
            await house.bindings.accept(_signed(house, replace(WIDER, origin="pinned"), device))

    tell(tmp_path, story)


def test_a_stranger_s_signature_and_another_author_are_refused(tmp_path: Path):
    async def story(house: House) -> None:
        for envelope in (_signed(house, WIDER, SigningKey.generate()), _signed(house, WIDER, author=new_id())):
            with pytest.raises(SignatureInvalid):
                await house.bindings.accept(envelope)
        assert await house.fresh_bindings().find(house.place, KEY) is None

    tell(tmp_path, story)


def test_the_statement_and_what_is_sealed_in_it_name_the_same_key_and_project(tmp_path: Path):
    async def story(house: House) -> None:
        keys = house.workspace.keys
        parts: tuple[dict[str, Any], ...] = (
            {"binding_id": keys.binding_id(house.project_id, OTHER)},
            {"project_id": new_id()},
            {"workspace_id": new_id()},
            {"sealed_hash": hash_of(b"")},
        )
        for changes in parts:
            with pytest.raises((RecordCorrupt, SignatureInvalid)):
                await house.bindings.accept(_signed(house, WIDER, **changes))

    tell(tmp_path, story)


def test_a_binding_in_the_place_of_another_is_refused(tmp_path: Path):
    async def story(house: House) -> None:
        other_project = ProjectId(new_id())
        await house.workspace.write(house.state, house.worker, house.clock, PROJECT_CREATED, other_project, lambda _: Named("other"))
        await house.bind(BINDING)
        await house.bind(replace(WIDER, key=OTHER))
        of = {key: house.workspace.keys.binding_id(house.project_id, key) for key in (KEY, OTHER)}
        other = "(SELECT envelope FROM bindings WHERE binding_id = ?)"
        _alter(house, f"UPDATE bindings SET envelope = {other} WHERE binding_id = ?", of[OTHER], of[KEY])
        with pytest.raises(SignatureInvalid):
            await house.fresh_bindings().find(house.place, KEY)
        moved = house.workspace.keys.binding_id(other_project, KEY)
        _alter(house, "UPDATE bindings SET project_id = ?, binding_id = ? WHERE binding_id = ?", other_project, moved, of[OTHER])
        with pytest.raises(SignatureInvalid):
            await house.fresh_bindings().find(Place(house.workspace.id, other_project, DEFAULT_ENVIRONMENT), KEY)

    tell(tmp_path, story)


def test_a_member_that_this_version_does_not_know_is_refused_because_it_could_narrow(tmp_path: Path):
    async def story(house: House) -> None:
        keys, place = house.workspace.keys, house.place
        binding_id = keys.binding_id(place.project_id, KEY)
        associated = frame(b"binding", place.workspace_id.encode(), place.project_id.encode(), binding_id.encode())
        whole: dict[str, Any] = json.loads(as_json(BINDING))
        tellings: tuple[Any, ...] = (whole | {"expires_ms": 5}, whole | {"style": "cookie"}, {"key": KEY}, [])
        for told in tellings:
            box = seal(keys.binding_key(place.project_id), as_json(told), associated)
            statement = BindingStatement(
                workspace_id=place.workspace_id, project_id=place.project_id, binding_id=binding_id, prev="",
                author=house.account.account_id, epoch=1, time_ms=1, sealed_hash=hash_of(box),
            )  # fmt: skip
            with pytest.raises(FormatUnknown):
                await house.bindings.accept(house.person.signing.sign(statement, box))

    tell(tmp_path, story)


def test_a_binding_without_hosts_would_bind_nothing_and_is_refused(tmp_path: Path):
    async def story(house: House) -> None:
        with pytest.raises(SignatureInvalid):
            await house.bindings.accept(_signed(house, replace(BINDING, hosts=())))

    tell(tmp_path, story)


def test_a_key_whose_binding_was_spoiled_is_not_used_at_all(tmp_path: Path):
    async def story(house: House) -> None:
        await house.bind(BINDING)
        for spoiled in (b"", b"\x01", b"\x02rubbish"):
            _alter(house, "UPDATE bindings SET envelope = ?", spoiled)
            for ask in (
                house.fresh_bindings().find(house.place, KEY),
                house.fresh_bindings().pin(house.place, replace(WIDER, origin="pinned")),
            ):
                with pytest.raises(AgentSecretsError):
                    await ask

    tell(tmp_path, story)
