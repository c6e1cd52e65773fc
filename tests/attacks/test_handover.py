"""Handing values over to a command gives them to that command alone: nothing is left in a file, an argument, or a process of ours.

By nature the command itself can be read by every program of its user while it runs, and the keys of a remembered command by whoever
asks for them:
both are said before the password.
"""

from __future__ import annotations

import base64
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentsecrets.client.control import Control, place_fields
from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, open_person
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.place import WorkspaceId
from agentsecrets.model.statement import HandoverRequest
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.remembered import Remembered, write_remembered
from agentsecrets.vault.workspace import workspace_keys
from agentsecrets.wire.messages import Handover, SignedHandover
from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.ordinary_user import OrdinaryUser, ordinary_user
from tests.parts.terminal import Terminal

WAITING = (sys.executable, "-c", "import os; print('pid', os.getpid(), flush=True); input(); os.write(1, os.environb[b'KEY'] + b'!')")


@dataclass(frozen=True)
class Scene:
    """Somebody's commands, and somebody of the same name who attacks."""

    person: Commands
    attacker: OrdinaryUser


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """An unlocked daemon that holds one value, which one command may have."""
    with ordinary_user() as user, commands(user.folder, uid=user.uid) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        person.run("env", "--password-stdin", "--remember", "--", *WAITING, said=PASSWORD + "\n\n")
        yield Scene(person, user)


def _forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    return [raw, base64.b64encode(raw)[:-4], raw.hex().encode(), secret.encode("utf-16-le"), raw[::-1]]


def _family(pid: int) -> list[int]:
    """A process and all that came from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _command_of(screen: Terminal) -> int:
    screen.wait_for("pid ")
    screen.wait_for("\r\n")
    return int(screen.shown.rpartition("pid ")[2].split()[0])


# --- while it runs ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.other_uid
def test_no_process_of_ours_can_be_opened_while_the_command_runs(scene: Scene) -> None:
    with scene.person.at_terminal("env", "--", *WAITING) as screen:
        command = _command_of(screen)
        ours = [pid for pid in _family(screen.pid) if pid != command]
        assert len(ours) == 3  # the shell's job, the one that holds the values, the leader of the command's session
        assert scene.attacker.attack("open", pids=ours) == []
        opened = scene.attacker.attack("open", pids=[command])
        assert f"{command} environ" in opened, "what the documents say of the command itself is not so"
        screen.type("")
        assert screen.end() == 0
        assert VALUE not in screen.shown


@pytest.mark.other_uid
def test_no_argument_and_no_environment_of_ours_holds_a_value(scene: Scene) -> None:
    with scene.person.at_terminal("env", "--", *WAITING) as screen:
        command = _command_of(screen)
        for pid in _family(screen.pid):
            arguments, environment = (Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
            assert VALUE.encode() not in arguments
            assert (VALUE.encode() in environment) == (pid == command)
        screen.type("")
        assert screen.end() == 0


@pytest.mark.other_uid
@pytest.mark.parametrize("end", ["", "kill"])
def test_no_file_holds_a_value_while_it_runs_or_afterwards(scene: Scene, end: str) -> None:
    def search() -> None:
        files = [content.encode("latin-1") for content in scene.attacker.attack("read", root=str(scene.attacker.folder))]
        assert len(files) > 4
        assert not [form for form in _forms(VALUE) + _forms(PASSWORD) if any(form in content for content in files)]

    with scene.person.at_terminal("env", "--", *WAITING) as screen:
        command = _command_of(screen)
        search()
        if end:
            holder = next(pid for pid in _family(screen.pid) if pid not in (screen.pid, command))
            os.kill(holder, signal.SIGKILL)
            assert screen.end() == 128 + signal.SIGKILL
        else:
            screen.type("")
            assert screen.end() == 0
    search()


@pytest.mark.other_uid
def test_a_command_leaves_no_core_file_with_its_values(scene: Scene) -> None:
    with scene.person.at_terminal("env", "--", *WAITING) as screen:
        command = _command_of(screen)
        assert "Max core file size        0                    0" in Path(f"/proc/{command}/limits").read_text()
        assert scene.attacker.attack("core", pid=command) == "refused"
        screen.type("")
        assert screen.end() == 0


@pytest.mark.other_uid
def test_a_hand_over_with_a_debugger_attached_gets_no_value(scene: Scene) -> None:
    command = [PROGRAM, "env", "--no-mask", "--", *WAITING]
    environment = {**scene.person.environment, "PWD": str(scene.person.folder)}
    report = scene.attacker.attack("trace", command=command, environment=environment, said="\n")
    assert report["code"] == 4
    assert "a debugger is attached" in report["output"]
    assert len(report["traced"]) > 1, "the debugger did not follow: the attack does not work"


# --- asking the daemon ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asking:
    """The control socket, and what an attacker would need to forge: here it is there."""

    control: Control
    person: OpenPerson
    store: StateDb
    folder: Path
    account_id: str

    def request(self, **changes: Any) -> HandoverRequest:
        told = self.control.ask("/v1/handover/keys", Handover(command=(b"true",)))
        made = {
            "account_id": self.account_id,
            "workspace_id": told["workspace_id"],
            "project_id": told["project_id"],
            "environment": "development",
            "folder": os.fsencode(self.folder),
            "command": (b"true",),
            "keys": ("KEY",),
            "recipient": SealingKey.generate().public,
            "nonce": self.control.ask("/v1/secrets/challenge")["nonce"],
            "time_ms": 0,
        }
        return HandoverRequest(**{**made, **changes})

    def send(self, request: HandoverRequest, signer: SigningKey | None = None, remembered: bytes = b"") -> str:
        """``handed over``, or the slug of the refusal."""
        envelope = (signer or self.person.signing).sign(request).encode()
        try:
            self.control.ask("/v1/handover/signed", SignedHandover(envelope=envelope, remembered=remembered))
        except AgentSecretsError as refusal:
            return refusal.slug
        return "handed over"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with commands(tmp_path_factory.mktemp("asking")) as house:
        house.run("secrets", "set", "KEY=-", said=VALUE)
        house.run("secrets", "set", "PATH=-", said="/tmp/evil")
        house.run("secrets", "set", "LIVE=-", "--environment", "production", said=VALUE)
        store = StateDb(house.home / "state.db")
        account = store.account()
        assert account is not None
        control = Control(house.home, place_fields(str(house.folder)))
        house.run("secrets", "delete", "PATH")
        yield Asking(control, open_person(account, PASSWORD.encode()), store, house.folder, account.account_id)
        store.close()


def test_a_person_s_request_is_answered_once(asking: Asking) -> None:
    request = asking.request()
    assert asking.send(request) == "handed over"
    assert asking.send(request) == "signature_invalid"


@pytest.mark.parametrize(
    "signer",
    [lambda _: SigningKey.generate(), lambda asking: asking.person.unattended.device],
    ids=["a stranger", "the device that the daemon holds"],
)
def test_nobody_but_the_person_can_sign_it(asking: Asking, signer: Callable[[Asking], SigningKey]) -> None:
    assert asking.send(asking.request(), signer(asking)) == "signature_invalid"


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"nonce": "0" * 32}, "signature_invalid"),
        ({"workspace_id": "0" * 32}, "workspace_not_found"),
        ({"project_id": "0" * 32}, "secret_not_found"),
        ({"environment": "elsewhere"}, "bad_usage"),
        ({"keys": ("LIVE",)}, "secret_not_found"),
        ({"keys": ("KEY", "../KEY")}, "bad_key_name"),
        ({"keys": ("PATH",)}, "unsafe_variable"),
        ({"recipient": b"short"}, "format_unknown"),
        ({"recipient": bytes(32)}, "format_unknown"),
    ],
    ids=str,
)
def test_a_request_for_anything_else_is_refused(asking: Asking, change: dict[str, Any], slug: str) -> None:
    assert asking.send(asking.request(**change)) == slug


def test_what_was_signed_cannot_be_changed_afterwards(asking: Asking) -> None:
    request = asking.request()
    envelope = asking.person.signing.sign(request)
    mine = msgspec.structs.replace(request, recipient=SealingKey.generate().public)
    forged = Envelope(envelope.kind, mine.payload(), b"", envelope.signature)
    with pytest.raises(AgentSecretsError) as refused:
        asking.control.ask("/v1/handover/signed", SignedHandover(envelope=forged.encode()))
    assert refused.value.slug == "signature_invalid"


def test_the_word_to_remember_must_be_for_the_command_that_was_shown(asking: Asking) -> None:
    account = asking.store.account()
    assert account is not None
    request = asking.request()
    first = asking.store.ledger(WorkspaceId(request.workspace_id))[0]
    keys = workspace_keys(Envelope.decode(first), account.account_id, asking.person.unattended)
    other = Remembered(
        project_id=request.project_id,  # type: ignore[arg-type]
        environment="development",
        folder=request.folder,
        command=(b"curl", b"https://evil.example"),
        keys=request.keys,
    )
    word = write_remembered(
        keys, request.workspace_id, other, author=account.account_id, signer=asking.person.signing, now_ms=time.time_ns() // 1_000_000
    )
    assert asking.send(request, remembered=word.encode()) == "signature_invalid"
    assert asking.control.ask("/v1/handover/remembered")["remembered"] == []


def test_a_program_without_a_person_s_word_is_told_names_and_no_value(asking: Asking) -> None:
    own = SealingKey.generate()
    for only in ((), ("KEY",)):
        with pytest.raises(AgentSecretsError) as refused:
            asking.control.ask("/v1/handover", Handover(command=(b"true",), only=only, recipient=own.public))
        assert refused.value.slug == "presence_required"
