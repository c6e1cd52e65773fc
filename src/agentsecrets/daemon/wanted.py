"""From what a person or a script asks for to the binding that it means."""

from __future__ import annotations

from agentsecrets.errors import BadUsage
from agentsecrets.model.binding import MOST_HOSTS, Binding, parse_methods, parse_paths
from agentsecrets.model.secret import parse_key_name
from agentsecrets.proxy.ingress import injection
from agentsecrets.team.allowlist import parse_host
from agentsecrets.wire.messages import BindingWanted


def wanted_binding(asked: BindingWanted, current: Binding | None) -> Binding:
    """The binding that is asked for, every part checked.

    Args:
        asked: What was said.
        current: The binding in force, None for none; it says the rest.

    Raises:
        BadUsage, BadTarget, BadKeyName, BadInjection
    """
    key = parse_key_name(asked.key)
    hosts, style, slot = _hosts(asked), asked.style, asked.slot
    if not style and slot:
        raise BadUsage(problem="a target belongs to a style, such as --style header --target X-Api-Key")
    if current is not None:
        hosts = hosts or current.hosts
        style, slot = (style, slot) if style else (current.style, current.slot)
    if not hosts:
        raise BadUsage(problem=f"say where {key} may go: --host HOST")
    if not style:
        raise BadUsage(problem=f"say how {key} goes out, such as --bearer")
    methods = () if asked.any_method else parse_methods(asked.methods) or (current.methods if current else ())
    paths = () if asked.any_path else parse_paths(asked.paths) or (current.paths if current else ())
    return Binding(key, hosts, injection(style, slot, key).style, slot, methods, paths)


def _hosts(asked: BindingWanted) -> tuple[str, ...]:
    named = (*asked.hosts, *([asked.destination] if asked.destination else []))
    if len(named) > MOST_HOSTS:
        raise BadUsage(problem=f"a key is bound to at most {MOST_HOSTS} hosts")
    return tuple(dict.fromkeys(parse_host(text).shown for text in named))
