"""Taking values out of bytes, in whatever form they come back. Usable alone.

``redact(text, values)`` for bytes that are all there; ``Redactor(Matcher(values))`` for those that stream by.
"""

from agentsecrets.redact.matcher import Matcher
from agentsecrets.redact.stream import MARK, Redactor, SplitOverEvents, redact, redact_whole

__all__ = ["MARK", "Matcher", "Redactor", "SplitOverEvents", "redact", "redact_whole"]
