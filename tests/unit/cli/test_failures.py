"""A failure is told once, in words or in one document, on the right stream, with the exit code of its family."""

from __future__ import annotations

import json

import pytest

from agentsecrets.cli.failures import explain, wants_json
from agentsecrets.errors import AgentSecretsError, DomainNotInAllowlist, leaves


@pytest.mark.parametrize("slug", sorted(leaves()))
def test_each_failure_has_words_a_hint_and_its_family_s_code(slug: str, capsys: pytest.CaptureFixture[str]):
    failure = AgentSecretsError.in_words(slug, "what happened", "what to do")
    assert explain(failure, ["status"]) == leaves()[slug].exit_code
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "error: what happened\nhint: what to do\n")


def test_as_a_document_it_is_one_line_of_json_on_standard_output(capsys: pytest.CaptureFixture[str]):
    assert explain(DomainNotInAllowlist(domain="evil.example"), ["secrets", "list", "--output", "json"]) == 4
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.count("\n") == 1
    document = json.loads(told.out)
    assert (document["error"], document["domain"]) == ("domain_not_in_allowlist", "evil.example")
    assert document.keys() == {"error", "message", "hint", "domain"}


def test_of_a_call_it_has_the_shape_of_an_answer(capsys: pytest.CaptureFixture[str]):
    explain(DomainNotInAllowlist(domain="evil.example"), ["call", "--url", "x", "--output=json"])
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"status", "headers", "body", "redacted", "duration_ms", "error"}
    assert json.loads(document["body"])["error"] == "domain_not_in_allowlist"


def test_of_a_fault_of_ours_only_the_kind_is_told(capsys: pytest.CaptureFixture[str]):
    assert explain(ValueError("sk_live_51HxQ"), ["status"]) == 1
    told = capsys.readouterr()
    assert "ValueError" in told.err
    assert "sk_live" not in told.out + told.err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [([], False), (["status", "--output", "json"], True), (["--output=json"], True), (["status", "--output", "text"], False),
     (["env", "--", "x", "--output", "json"], False), (["--output"], False), (["json", "--output"], False)],
)  # fmt: skip
def test_json_is_wanted_when_our_own_words_say_so(words: list[str], *, wanted: bool):
    assert wants_json(words) == wanted
