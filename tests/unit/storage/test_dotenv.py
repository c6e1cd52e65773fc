"""``.env`` files: what is clear is read to the byte, what is not is refused with its line and without its content."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.errors import BadImport
from agentsecrets.storage.collected import FILE_LIMIT, MOST_ENTRIES
from agentsecrets.storage.dotenv import read_dotenv

CANARY = "canary-8f3a"


def read(text: str) -> list[tuple[str, str]]:
    return [(key, value.decode()) for key, value in read_dotenv(text.encode()).entries]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=plain", "plain"),
        ("K=two words", "two words"),
        ("K=  blanks around  ", "blanks around"),
        ("  K\t=\tv", "v"),
        ("export K=v", "v"),
        ("export\tK = v", "v"),
        ("K=v # a comment", "v"),
        ("K=v\t# a comment", "v"),
        ("K=a#b", "a#b"),
        ("K=a=b==", "a=b=="),
        ("K=it's", "it's"),
        ('K=a"b"c', 'a"b"c'),
        ('K={"a":"b"}', '{"a":"b"}'),
        (r"K=C:\new\table", r"C:\new\table"),
        ("K=pa$$word", "pa$$word"),
        ("K=$2b$10$abc", "$2b$10$abc"),
        ("K=$HOME", "$HOME"),
        ("K='single ${x} $(y) \\n \" #'", 'single ${x} $(y) \\n " #'),
        ('K="double \' # `"', "double ' # `"),
        (r'K="a\nb\tc\rd\\e\"f\$g"', 'a\nb\tc\rd\\e"f$g'),
        (r'K="\${x} \\"', "${x} \\"),
        (r'K="$\n{x}"', "$\n{x}"),
        ('K="v"   # a comment', "v"),
        ("K='v' # a comment", "v"),
        ('K="one\ntwo\n\nthree"', "one\ntwo\n\nthree"),
        ("K='one\n# no comment\ntwo'", "one\n# no comment\ntwo"),
        ('K="one\r\ntwo"\r\n', "one\ntwo"),
        ("K=v\r\n", "v"),
        ("K=ключ🔑", "ключ🔑"),
        ("\ufeffK=v", "v"),
        ("export=v", "v"),
    ],
)
def test_a_clear_line_is_read(line: str, value: str):
    assert read(line)[0][1] == value
    assert read(f"# before\n\n{line}\nLAST=x\n".replace("\ufeff", ""))[0][1] == value


def test_a_name_without_a_value_is_left_out_and_named():
    collected = read_dotenv(b"A=1\nK=\nL=\"\"\nM=''\nB=2\n")
    assert [key for key, _ in collected.entries] == ["A", "B"]
    assert collected.empty == ["K", "L", "M"]


def test_names_keep_their_order_and_an_empty_file_has_none():
    assert [key for key, _ in read("B=1\nA=2\n_c=3")] == ["B", "A", "_c"]
    assert read("") == read("\n \n# nothing\r\n\t#\n") == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("K", 1, "no NAME=value"),
        ("A=1\nexport K", 2, "no NAME=value"),
        ("K: v", 1, "no NAME=value"),
        ("K=\nK=1", 2, "stands in line 1 already"),
        ("K= # only a comment", 1, "begins with #"),
        ("K=#abc", 1, "begins with #"),
        ("K=`abc`", 1, "backquote"),
        ("=v", 1, "a name is"),
        ("A B=v", 1, "a name is"),
        ("1K=v", 1, "a name is"),
        ("K-Y=v", 1, "a name is"),
        ("KÉY=v", 1, "a name is"),
        ("\u0405TRIPE=v", 1, "a name is"),  # a Cyrillic letter that looks like an S
        ("exportK K=v", 1, "a name is"),
        ("K=1\nA=2\nK=3", 3, "stands in line 1 already"),
        ("K=${OTHER}", 1, "single quotes"),
        ("K=a$(rm -rf /)", 1, "single quotes"),
        ('K="${OTHER}"', 1, "single quotes"),
        ('K="\\\\${OTHER}"', 1, "single quotes"),
        (r'K="\x41"', 1, "a backslash"),
        (r'K="\a"', 1, "a backslash"),
        ('A=1\nK="open\nB=2\n', 2, "not closed"),
        ("K='open", 1, "not closed"),
        ('K="open\\"', 1, "not closed"),
        ('K="v" w', 1, "behind the closing quote"),
        ('K="v"#c', 1, "behind the closing quote"),
        ("A='1\n2\n3' x", 3, "behind the closing quote"),
        ("K='it's'", 1, "behind the closing quote"),
        ("A='1\nB='2'\n", 2, "behind the closing quote"),
        ("A=1\nK=a\0b", 2, "control character"),
        ("K=a\rB=b", 1, "control character"),
        ("K=a\x1b[2J", 1, "control character"),
        ("K=" + "v" * 65_537, 1, "longer than"),
        ("A=1\nghp_16C7e42F292c6912E7710c838347Ae178B4a=x", 2, "looks like a value"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_line(text: str, line: int, problem: str):
    with pytest.raises(BadImport) as refused:
        read(text)
    assert f"line {line} cannot be read" in refused.value.message
    assert problem in refused.value.message


@pytest.mark.parametrize(
    "text", [f"{CANARY}", f"K={CANARY}${{x}}", f'K="{CANARY}', f"K='a'{CANARY}", f"{CANARY}=x", f"K={CANARY}\nK=x\n{CANARY}"]
)
def test_a_refusal_holds_nothing_of_the_file(text: str):
    with pytest.raises(BadImport) as refused:
        read(text)
    assert CANARY not in f"{refused.value.message} {refused.value.hint} {refused.value.subjects} {refused.value!r}"


def test_what_is_not_utf_8_or_too_much_is_refused():
    for content, words in (
        (b"A=1\nK=\xff", "line 2 cannot be read: it is not UTF-8"),
        ("K=v".encode("utf-16"), "not UTF-8"),
        (b"#" * (FILE_LIMIT + 1), "longer than"),
        (b"".join(b"K%d=v\n" % number for number in range(MOST_ENTRIES + 1)), f"line {MOST_ENTRIES + 1} cannot be read: more than"),
    ):
        with pytest.raises(BadImport, match=words):
            read_dotenv(content)
    assert len(read_dotenv(b"".join(b"K%d=v\n" % number for number in range(MOST_ENTRIES))).entries) == MOST_ENTRIES


@pytest.mark.parametrize("piece", [" ", "\t", "'", '"', "\\", "=", "#", "$", "a ", '\\"', "\n", "K='\n", " #"])
def test_no_file_keeps_the_parser_busy(piece: str):
    started = time.process_time()
    for text in (piece * (FILE_LIMIT // len(piece)), "K=" + piece * 2_000_000 + "x", 'K="' + piece * 2_000_000):
        with contextlib.suppress(BadImport):
            read_dotenv(text.encode()[:FILE_LIMIT])
    assert time.process_time() - started < 10


KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


def _double(value: str) -> str:
    for letter, escape in (("\\", r"\\"), ('"', r"\""), ("$", r"\$"), ("\r", r"\r"), ("\n", r"\n"), ("\t", r"\t")):
        value = value.replace(letter, escape)
    return f'"{value}"'


@given(
    st.dictionaries(
        KEYS, TEXTS.filter(lambda text: not any((ord(letter) < 32 and letter not in "\r\n\t") or letter == "\x7f" for letter in text))
    )
)
def test_any_value_survives_double_quotes(entries: dict[str, str]):
    assert read("".join(f"{key}={_double(value)}\n" for key, value in entries.items())) == list(entries.items())


@given(
    st.dictionaries(
        KEYS, TEXTS.filter(lambda text: not any(letter in "'\r\x7f" or (ord(letter) < 32 and letter not in "\n\t") for letter in text))
    )
)
def test_any_value_without_a_single_quote_survives_them(entries: dict[str, str]):
    assert read("".join(f"export {key} = '{value}' # c\n" for key, value in entries.items())) == list(entries.items())


@given(st.text())
def test_any_text_is_read_or_refused_and_nothing_else(text: str):
    try:
        entries = read_dotenv(text.encode("utf-8", "surrogatepass")).entries
    except BadImport:
        return
    assert all(value for _, value in entries)
