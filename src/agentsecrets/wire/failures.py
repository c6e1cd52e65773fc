"""Failures as JSON, out and back."""

from __future__ import annotations

import msgspec

from agentsecrets.errors import AgentSecretsError, FormatUnknown
from agentsecrets.model.statement import read_json


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The JSON form of a failure: slug, message, hint, and the host when there is one."""

    error: str
    message: str
    hint: str = ""
    domain: str = ""


def to_json(failure: AgentSecretsError) -> bytes:
    """Writes a failure."""
    return msgspec.json.encode(Failure(failure.slug, failure.message, failure.hint, failure.subjects.get("domain", "")))


def from_json(document: bytes, otherwise: type[AgentSecretsError] = AgentSecretsError) -> AgentSecretsError:
    """Rebuilds a failure that another process of ours wrote.

    Args:
        document: What it said.
        otherwise: What anything else becomes.
    """
    try:
        told = read_json(document, Failure, "failure")
    except FormatUnknown:
        return otherwise()
    return AgentSecretsError.in_words(told.error, told.message, told.hint, **({"domain": told.domain} if told.domain else {}))
