r"""What bash, zsh and fish need to complete our command lines, and the answers that they are given.

A shell writes the words to our standard input, each followed by a NUL: a value that somebody is typing stands in no process's arguments or
environment. It reads lines: kind, value and description with tabs between them; the kind is ``plain`` or ``file``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

from click.shell_completion import CompletionItem, ShellComplete

VARIABLE = "_AGENTSECRETS_COMPLETE"
PROGRAM = "agentsecrets"
_LONGEST = 1 << 17
_BREAKS = re.compile(r"[=:]+")
"""Words that bash makes of the letters in COMP_WORDBREAKS that occur in ours."""

_BASH = r"""
_agentsecrets() {
    local kind value description
    COMPREPLY=()
    while IFS=$'\t' read -r kind value description; do
        if [[ $kind == file ]]; then
            compopt -o default 2>/dev/null
        else
            [[ $value == *[^A-Za-z0-9_.,:=@%/+-]* ]] && printf -v value %q "$value"
            COMPREPLY+=("$value")
        fi
    done < <(printf '%s\0' "${COMP_WORDS[@]:0:COMP_CWORD+1}" | _AGENTSECRETS_COMPLETE=bash agentsecrets 2>/dev/null)
}
complete -o nosort -F _agentsecrets agentsecrets 2>/dev/null || complete -F _agentsecrets agentsecrets
"""
_ZSH = r"""#compdef agentsecrets
_agentsecrets() {
    local kind value description
    local -a plain described
    while IFS=$'\t' read -r kind value description; do
        if [[ $kind == file ]]; then
            _files
        elif [[ -n $description ]]; then
            described+=("${value//:/\\:}:$description")
        else
            plain+=("$value")
        fi
    done < <(printf '%s\0' "${(@Q)words[1,CURRENT]}" | _AGENTSECRETS_COMPLETE=zsh agentsecrets 2>/dev/null)
    (( $#described )) && _describe -V unsorted described
    (( $#plain )) && compadd -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _agentsecrets "$@"
else
    compdef _agentsecrets agentsecrets
fi
"""
_FISH = r"""
function __agentsecrets_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (printf '%s\0' $words "$current" | _AGENTSECRETS_COMPLETE=fish agentsecrets 2>/dev/null)
        set -l parts (string split \t -- $line)
        if test "$parts[1]" = file
            __fish_complete_path "$current"
        else
            printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end
complete --no-files --command agentsecrets --arguments "(__agentsecrets_complete)"
"""

SCRIPTS = {"bash": _BASH.lstrip(), "zsh": _ZSH, "fish": _FISH.lstrip()}


def answer(shell: str) -> int:
    """Answers one question of a shell: reads the words, prints what could stand there. Whatever goes wrong, there is nothing to say.

    Args:
        shell: ``bash``, ``zsh`` or ``fish``.

    Returns:
        0 always: a shell would show a failure in the middle of what a person types.
    """
    try:
        words = [os.fsdecode(word) for word in sys.stdin.buffer.read(_LONGEST).split(b"\0")[:-1]]
        sys.stdout.write("".join(_lines(words, shell)))
        sys.stdout.flush()
    except Exception:  # noqa: BLE001  (as above)
        return 0
    return 0


def _lines(words: list[str], shell: str) -> Iterable[str]:
    words, before = _joined(words) if shell == "bash" else (words, "")
    incomplete = words[-1]
    flag, equals, _ = incomplete.partition("=")
    written = f"{flag}=" if equals and flag.startswith("-") else ""
    for item in suggestions(words[1:-1], incomplete):
        value = written + item.value if item.type == "plain" else ""
        yield f"{item.type}\t{value.removeprefix(before)}\t{'' if shell == 'bash' else _one_line(item.help)}\n"


def suggestions(words: list[str], incomplete: str) -> list[CompletionItem]:
    """What could stand in the place of an incomplete word.

    Args:
        words: The words before it, without the program's name.
        incomplete: What was typed of it.
    """
    from agentsecrets.cli.full import ROOT

    return ShellComplete(ROOT, {}, PROGRAM, VARIABLE).get_completions(words, incomplete)


def _joined(words: list[str]) -> tuple[list[str], str]:
    """Words as they were typed, of what bash has split, and that part of the last one which bash takes for granted."""
    joined: list[str] = []
    glue = False
    for word in words:
        is_break = _BREAKS.fullmatch(word) is not None
        if joined and (is_break or glue):
            joined[-1] += word
        else:
            joined.append(word)
        glue = is_break
    return joined, joined[-1] if glue else joined[-1][: len(joined[-1]) - len(words[-1])]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
