"""What makes an account: an address, a password worth the name, and a first entry that grants its founder the keys."""

from __future__ import annotations

import pytest

from agentsecrets.crypto.keys import open_person
from agentsecrets.errors import BadEmail, LedgerCorrupt, RecordCorrupt, WeakPassword
from agentsecrets.model.statement import Entry, read_payload
from agentsecrets.vault.accounts import found_account, parse_email
from agentsecrets.vault.workspace import Workspace, workspace_keys

PASSWORD = "violet-harbour-quartz-meadow"


@pytest.mark.parametrize("email", ["ada@example.com", "a.b+c@x-y.example.co.uk", "o'neill@example.com", "A1_%-@b.io"])
def test_an_address_is_taken_as_written(email: str):
    assert parse_email(email) == email


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.com", "ada@example", "a@b@c.de", "ada@exa mple.com", "ada@example.com\n", "ada@example..com",
     "ä@example.com",     "a\x00@example.com", "x" * 65 + "@example.com", "a@" + "b" * 250 + ".com", "ada@example.com,eve@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_any_work(email: str):
    with pytest.raises(BadEmail):
        found_account(email, PASSWORD, 1)


@pytest.mark.parametrize(
    "password",
    ["", "password", "12345678", "ada@example.com", "agentsecrets", "ada example", "qwertyuiop", "P@ssw0rd1", "aaaaaaaaaaaaaaaa"],
)
def test_a_password_that_could_be_guessed_is_refused(password: str):
    with pytest.raises(WeakPassword):
        found_account("ada@example.com", password, 1)


def test_any_bytes_that_a_terminal_can_give_may_be_in_a_password():
    password = "violet-harbour-\udcff\udcfe-quartz-meadow"
    account, person, _ = found_account("ada@example.com", password, 1)
    assert open_person(account, password.encode("utf-8", "surrogateescape")).signing.public == person.signing.public


def test_the_first_entry_makes_the_founder_an_owner_with_the_workspace_s_key():
    account, person, founded = found_account("ada@example.com", PASSWORD, 1)
    workspace = Workspace(account, person.unattended, [founded.first], founded.workspace_id)
    assert workspace.standing().role == "owner"
    assert workspace.standing().allowlist.hosts == ()
    assert read_payload(founded.first.payload, Entry).grants.keys() == {account.account_id}


def test_a_workspace_that_grants_this_account_nothing_does_not_open():
    ada, person, own = found_account("ada@example.com", PASSWORD, 1)
    eve, other, founded = found_account("eve@example.com", PASSWORD, 1)
    foreign = founded.first
    with pytest.raises(LedgerCorrupt):
        Workspace(ada, person.unattended, [foreign], founded.workspace_id)
    with pytest.raises(LedgerCorrupt):
        Workspace(ada, person.unattended, [], own.workspace_id)
    with pytest.raises(LedgerCorrupt):
        Workspace(ada, person.unattended, [own.first], founded.workspace_id)
    with pytest.raises(RecordCorrupt):
        workspace_keys(foreign, eve.account_id, person.unattended)
    assert workspace_keys(foreign, eve.account_id, other.unattended).ledger_key
