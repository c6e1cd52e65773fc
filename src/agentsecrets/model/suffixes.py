"""Names under which anybody may register: a wildcard never spans them."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=4096)
def is_public_suffix(host: str) -> bool:
    """Whether strangers register names directly below a host.

    Args:
        host: Lower-case A-labels.

    Source: the Public Suffix List, private section included, as the locked version of the library carries it. A top-level name that
    the list does not know counts as one suffix (the list's rule ``*``).
    """
    return bool(_suffixes().is_public(host))


@lru_cache(maxsize=4096)
def anybody_may_own(host: str) -> bool:
    """Whether a host lies at or below a name under which a company lets strangers register, as ``NAME.github.io`` does.

    Args:
        host: Lower-case A-labels, or an IP literal.

    Source: the private section of the Public Suffix List.
    """
    return bool(_suffixes().publicsuffix(host) != _registries().publicsuffix(host))


@cache
def _registries() -> PublicSuffixList:
    """The list without its private section."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True, only_icann=True)


@cache
def _suffixes() -> PublicSuffixList:
    """The list: 40 ms and some megabytes, so only read once a wildcard is there."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True, only_icann=False)
