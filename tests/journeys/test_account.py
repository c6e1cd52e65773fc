"""``init``, ``status``, ``unlock``, ``lock``, by flags as a script gives them."""

from __future__ import annotations

import stat

import pytest

from tests.parts.commands import PASSWORD, Commands


def test_an_account_by_flags_is_open_at_once(newcomer: Commands) -> None:
    made = newcomer.ask("init", "--email", "ada@example.com", "--protection", "guarded", "--password-stdin", said=PASSWORD)
    assert (made["email"], made["protection"], made["workspace"]) == ("ada@example.com", "guarded", "personal")
    status = newcomer.ask("status")
    assert (status["locked"], status["email"], status["project"], status["allowlist"]) == (False, "ada@example.com", "", 0)


def test_there_is_one_account_on_a_machine(settled: Commands) -> None:
    told = settled.run("init", "--email", "eve@example.com", "--password-stdin", said=PASSWORD, code=6)
    assert "ada@example.com" in told
    assert "hint: agentsecrets status" in told


@pytest.mark.parametrize(
    ("words", "said", "code", "slug"),
    [
        (("--email", "no-address", "--password-stdin"), PASSWORD, 2, "bad_email"),
        (("--email", "ada@example.com", "--password-stdin"), "password1", 2, "weak_password"),
        (("--email", "ada@example.com", "--password-stdin"), "", 2, "weak_password"),
        (("--password-stdin",), PASSWORD, 2, "no_terminal"),
        (("--email", "ada@example.com"), "", 4, "presence_required"),
        (("--email", "ada@example.com", "--protection", "none", "--password-stdin"), PASSWORD, 2, "bad_usage"),
    ],
)
def test_what_cannot_become_an_account_leaves_nothing_behind(
    newcomer: Commands, words: tuple[str, ...], said: str, code: int, slug: str
) -> None:
    assert newcomer.ask("init", *words, said=said, code=code)["error"] == slug
    assert newcomer.ask("status", code=3)["error"] == "no_account"


def test_the_state_folder_is_for_its_owner_only(settled: Commands) -> None:
    for path in (settled.home, *settled.home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_locked_vault_says_so_and_opens_with_the_password_only(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said="a-value-to-keep")
    assert person.ask("lock") == {"locked": True}
    assert person.ask("status")["locked"] is True
    for words in (("secrets", "list"), ("workspace", "allowlist", "list"), ("project", "list")):
        assert person.ask(*words, code=3)["error"] == "locked"
    refused = person.ask("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=3)
    assert "locked" in refused["error"]
    assert person.ask("unlock", "--password-stdin", said="not the password", code=4)["error"] == "wrong_password"
    assert person.ask("status")["locked"] is True
    assert person.ask("unlock", "--password-stdin", said=PASSWORD)["locked"] is False
    assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]


def test_lock_without_a_daemon_is_already_done(person: Commands) -> None:
    person.run("proxy", "stop")
    assert person.ask("lock") == {"locked": True}


def test_unlock_needs_a_person(person: Commands) -> None:
    assert person.ask("unlock", code=4)["error"] == "presence_required"


def test_the_idle_limit_is_remembered(person: Commands) -> None:
    assert person.ask("unlock", "--idle-lock", "90m", "--password-stdin", said=PASSWORD)["idle_lock_s"] == 5400
    assert person.ask("unlock", "--password-stdin", said=PASSWORD)["idle_lock_s"] == 5400
    assert person.ask("unlock", "--idle-lock", "soon", "--password-stdin", said=PASSWORD, code=2)["error"] == "bad_usage"


def test_status_names_the_protection_level_and_why(settled: Commands) -> None:
    told = settled.run("status")
    assert "guarded: the keys are sealed under the password" in told
    assert "ada@example.com" in told
    assert "shop (by this folder)" in told


def test_init_teaches_the_folder_s_assistant_and_leaves_a_changed_text_alone(newcomer: Commands) -> None:
    text = newcomer.folder / ".agent" / "workflows" / "agentsecrets.md"
    text.parent.mkdir(parents=True)
    text.write_text("mine", encoding="utf-8")
    newcomer.run("init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD)
    assert text.read_text(encoding="utf-8") == "mine"


def test_every_command_of_the_assistant_s_text_exists(settled: Commands) -> None:
    text = (settled.folder / ".agent" / "workflows" / "agentsecrets.md").read_text(encoding="utf-8")
    told = {tuple(line.split("#")[0].split()[1:3]) for line in text.splitlines() if line.startswith("agentsecrets ")}
    assert told
    for words in told:
        settled.run(*(word for word in words if not word.startswith("-")), "--help")
