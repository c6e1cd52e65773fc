"""Taking values out of bytes, in whatever form they come back. Usable alone.

``redact(text, values)`` for bytes that are all there; ``Redactor(Matcher(values))`` for those that stream by.
"""

from agentsecrets.redact.matcher import Matcher
from agentsecrets.redact.stream import MARK, Redactor, SplitOverEvents, redact, redact_whole
from agentsecrets.redact.views import EVERY_FORM_FROM

__all__ = ["EVERY_FORM_FROM", "MARK", "Matcher", "Redactor", "SplitOverEvents", "redact", "redact_whole"]
