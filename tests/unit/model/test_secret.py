"""Key names: strict, and never the shape of a value."""

from __future__ import annotations

import pytest

from agentsecrets.errors import BadKeyName, ValueAsName
from agentsecrets.model.secret import parse_key_name


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "_",
        "STRIPE_KEY",
        "sk_live_key",
        "hf_token_2",
        "npm_token",
        "AKIA_KEY_OF_PRODUCTION_1",
        "github_pat_ci",
        "npm_token_of_the_robot_that_publishes_2024",
        "x" * 128,
    ],
)
def test_names_are_taken_as_written(name: str):
    assert parse_key_name(name) == name


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A.B", "Ä", "A\n", "x" * 129])
def test_what_is_no_name_is_refused_and_not_repeated(name: str):
    with pytest.raises(BadKeyName) as refusal:
        parse_key_name(name)
    assert not name or name not in refusal.value.message.split()


@pytest.mark.parametrize(
    "value",
    [
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "rk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_" + "1" * 22 + "_" + "a" * 59,
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSy" + "a1" * 16 + "b",
        "hf_" + "aB3" * 12,
        "hf_" + "aB" * 17,
        "gsk_" + "aB3d" * 13,
        "re_" + "aB3dE5gH" + "_" + "aB3dE5gH" * 3,
        "r8_" + "aB_3" * 9 + "x",
        "npm_" + "aB3" * 12,
    ],
)
def test_a_value_that_could_pass_for_a_name_is_refused_and_not_repeated(value: str):
    with pytest.raises(ValueAsName) as refusal:
        parse_key_name(value)
    assert value not in refusal.value.message + refusal.value.hint
