"""Targets against the web platform's own URL tests, and against a parser that follows them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from agentsecrets.errors import BadTarget
from agentsecrets.model.target import parse_authority
from tests.conftest import Counted
from tests.parts.hostile_urls import hostile_urls
from tests.parts.whatwg import disagreement, ours

FORMS = int(os.environ.get("AGENTSECRETS_URL_FORMS", "2000"))
"""How many of our own hostile forms; ``make fuzz`` asks for more."""


def _cases(path: Path) -> list[dict[str, Any]]:
    return [case for case in json.loads(path.read_text(encoding="utf-8")) if isinstance(case, dict)]


def test_no_url_of_the_web_platform_tests_is_accepted_that_fails_there_or_goes_elsewhere(corpora: Path, counted: Counted):
    accepted, wrong = 0, []
    cases = _cases(corpora / "url" / "urltestdata.json")
    for case in cases:
        target = ours(case["input"])
        if target is None:
            continue
        accepted += 1
        if case.get("failure") or (target.host, str(target.port)) != (
            case["hostname"].strip("[]"),
            case["port"] or {"https:": "443", "http:": "80"}.get(case["protocol"]),
        ):
            wrong.append(case["input"])
        wrong += [case["input"]] if disagreement(case["input"]) else []
    assert not wrong
    assert accepted > 30
    counted(f"urltestdata: {len(cases)} inputs, {accepted} accepted, {len(cases) - accepted} refused, 0 accepted wrongly")


def test_a_host_name_becomes_the_a_labels_that_the_web_platform_tests_give(corpora: Path, counted: Counted):
    accepted, wrong = 0, []
    cases = _cases(corpora / "url" / "toascii.json")
    for case in cases:
        try:
            host = parse_authority(case["input"], 443)[0]
        except BadTarget:
            continue
        accepted += 1
        if host != case["output"]:
            wrong.append((case["input"], host, case["output"]))
    assert not wrong
    assert accepted > 3
    counted(f"toascii: {len(cases)} names, {accepted} accepted, {len(cases) - accepted} refused, 0 accepted wrongly")


def test_of_our_own_hostile_forms_none_is_read_in_two_ways(counted: Counted):
    urls = list(hostile_urls(20260401, FORMS))
    found = [(url, said) for url in urls if (said := disagreement(url))]
    assert not found
    accepted = sum(1 for url in urls if ours(url) is not None)
    assert accepted > FORMS // 20
    counted(f"own generator: {len(urls)} forms, {accepted} accepted, 0 read differently by WHATWG")


def test_no_naughty_string_as_a_target_host_or_path_is_read_in_two_ways(corpora: Path, counted: Counted):
    strings: list[str] = json.loads((corpora / "naughty" / "blns.json").read_text(encoding="utf-8"))
    urls = [form.format(text.replace("{", "{{").replace("}", "}}")) for text in strings for form in _PLACES]
    assert not [(url, said) for url in urls if (said := disagreement(url))]
    counted(f"naughty strings: {len(strings)} in {len(_PLACES)} places, {sum(1 for url in urls if ours(url))} accepted, 0 read differently")


_PLACES = ("{}", "https://{}", "https://{}/", "https://api.example.com/{}", "https://api.example.com/?q={}", "https://api.example.com:{}/")


def test_three_hundred_good_urls_of_apis_all_pass(counted: Counted):
    urls = (Path(__file__).parent / "api_urls.txt").read_text(encoding="utf-8").split()
    assert len(set(urls)) == len(urls) == 300
    assert not [url for url in urls if ours(url) is None or disagreement(url)]
    counted(f"good API URLs: {len(urls)} of {len(urls)} accepted")
