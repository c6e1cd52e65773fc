"""Pages make the whole text again, never cut a letter, and never hold more than they may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.mcp.pages import Page, Pages


def _whole(pages: Pages, first: Page) -> str:
    text, page = first.text, first
    while page.following:
        following = pages.page(page.following)
        assert following is not None
        assert following.offset == len(text.encode())
        text, page = text + following.text, following
    return text


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200), page=st.integers(4, 40))
def test_the_pages_make_the_whole(text: str, page: int):
    pages = Pages(page=page)
    first = pages.first("api.example.com", text)
    assert len(first.text.encode()) <= page
    assert first.total == len(text.encode())
    assert _whole(pages, first) == text


def test_a_short_text_is_not_kept():
    pages = Pages(page=10)
    first = pages.first("api.example.com", "short")
    assert first.following == ""


def test_a_page_can_be_read_again():
    pages = Pages(page=10)
    cursor = pages.first("api.example.com", "x" * 25).following
    one, two = pages.page(cursor), pages.page(cursor)
    assert one is not None
    assert two is not None
    assert (one.text, one.offset, one.source) == (two.text, two.offset, "api.example.com")


def test_the_oldest_answers_give_way():
    pages = Pages(page=10, held=100, answers=3)
    cursors = [pages.first("api.example.com", "x" * 30).following for _ in range(5)]
    assert [pages.page(cursor) is not None for cursor in cursors] == [False, False, True, True, True]
    large = pages.first("api.example.com", "x" * 95)
    assert _whole(pages, large) == "x" * 95
    assert [pages.page(cursor) is not None for cursor in cursors] == [False] * 5
    assert pages.page(pages.first("api.example.com", "x" * 101).following) is None


@pytest.mark.parametrize("ending", ["", ".", ".-1", ".x", ".99999999999999999999", ".25", ".1e1", ".\u0661"])
def test_a_cursor_that_was_not_given_out_is_unknown(ending: str):
    pages = Pages(page=10)
    name = pages.first("api.example.com", "x" * 25).following.partition(".")[0]
    assert pages.page(name + ending) is None
    assert pages.page("0" * 32 + ".10") is None
