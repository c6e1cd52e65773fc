"""One file per refusal; each exports one RULE."""

from agentsecrets.proxy.rules import allowlist, binding, conflict, https_only, slot_taken
from agentsecrets.proxy.rules.rule import Rule

RULES: tuple[Rule, ...] = (https_only.RULE, allowlist.RULE, slot_taken.RULE, conflict.RULE, binding.RULE)
"""All rules in the order in which they are asked; the first refusal counts."""
