"""From what a person or a script asks for to the binding that it means."""

from __future__ import annotations

from agentsecrets.errors import BadUsage
from agentsecrets.model.binding import MOST_HOSTS, Binding, parse_methods, parse_paths
from agentsecrets.model.secret import parse_key_name
from agentsecrets.proxy.catalogue import Provider, catalogue
from agentsecrets.proxy.ingress import injection
from agentsecrets.team.allowlist import parse_host
from agentsecrets.wire.messages import BindingWanted


def wanted_binding(asked: BindingWanted, current: Binding | None) -> Binding:
    """The binding that is asked for, every part checked.

    Args:
        asked: What was said.
        current: The binding in force, None for none; it says the rest.

    Raises:
        BadUsage, BadTarget, BadKeyName, BadInjection, ProviderNotFound
    """
    key = parse_key_name(asked.key)
    provider = _provider(asked.destination)
    hosts, style, slot = _hosts(asked), asked.style, asked.slot
    if provider is not None:
        hosts = hosts or provider.hosts
        style, slot = (style, slot) if style else (provider.style, provider.slot)
    if not style and slot:
        raise BadUsage(problem="a target belongs to a style, such as --style header --target X-Api-Key")
    if current is not None:
        hosts = hosts or current.hosts
        style, slot = (style, slot) if style else (current.style, current.slot)
    if not hosts:
        raise BadUsage(problem=f"say where {key} may go: --host HOST, or --for PROVIDER")
    if not style:
        raise BadUsage(problem=f"say how {key} goes out, such as --bearer")
    methods = () if asked.any_method else parse_methods(asked.methods) or (current.methods if current else ())
    paths = () if asked.any_path else parse_paths(asked.paths) or (current.paths if current else ())
    return Binding(key, hosts, injection(style, slot, key).style, slot, methods, paths)


def _provider(destination: str) -> Provider | None:
    """The provider that is meant, None for a host: that has a dot, a port or a bracket, or is ``localhost``."""
    is_host = any(mark in destination for mark in ".:[/") or destination in ("", "localhost")
    return None if is_host else catalogue().find(destination)


def _hosts(asked: BindingWanted) -> tuple[str, ...]:
    named = (*asked.hosts, *([asked.destination] if asked.destination and _provider(asked.destination) is None else []))
    if len(named) > MOST_HOSTS:
        raise BadUsage(problem=f"a key is bound to at most {MOST_HOSTS} hosts")
    return tuple(dict.fromkeys(parse_host(text).shown for text in named))
