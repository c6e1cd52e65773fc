"""Failures: the nearest name is offered when one is near, and what was asked for is never repeated in it."""

from __future__ import annotations

import time

import pytest

from agentsecrets.errors import ProjectNotFound, SecretNotFound

NAMES = ["STRIPE_KEY", "STRIPE_WEBHOOK_SECRET", "GITHUB_TOKEN", "api.example.com:8443", "shop"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("STRIPE_KY", "STRIPE_KEY"),
        ("stripe_key", "STRIPE_KEY"),
        ("GITHUB_TOKENS", "GITHUB_TOKEN"),
        ("TOKEN_GITHUB", ""),
        ("shpo", "shop"),
        ("Shop", "shop"),
        ("api.example.com:443", "api.example.com:8443"),
        ("STRIPE_KEY", ""),
        ("", ""),
        ("X" * 10_000, ""),
        ("AWS_SECRET", ""),
    ],
)
def test_the_nearest_name_is_offered_when_one_is_near(asked: str, near: str):
    refused = SecretNotFound(key="K").guess(asked, NAMES)
    assert refused.hint.startswith(f"did you mean {near}? agentsecrets secrets list") == bool(near)
    assert ("did you mean" in refused.hint) == bool(near)


def test_a_name_cannot_move_a_terminal_s_cursor():
    assert "\x1b" not in ProjectNotFound(project="p").guess("shop\x1b", ["shop\x1b[2J"]).hint


def test_ten_thousand_names_are_searched_at_once():
    names = [f"SERVICE_{number}_KEY" for number in range(10_000)]
    began = time.process_time()
    assert "SERVICE_77" in SecretNotFound(key="K").guess("SERVICE_77_KY", names).hint
    assert time.process_time() - began < 2
