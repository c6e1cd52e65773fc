"""Taking values out of bytes, in whatever form they come back; usable alone.

``redact(text, values)`` for bytes that are all there; ``Redactor(Matcher(values))`` for those that stream by.
"""
