"""HTTP clients that we did not write, each behind the same few lines of a program that does what it is told on standard input.

A line in is one request as JSON: ``url``, ``method``, ``headers``; ``send`` (``{"bytes": N, "chunked": bool}``) or nothing; ``hold``: not
to read the body before another line comes; ``leave``: to break off after so many bytes; ``parts``: to tell each part of the body as it
comes.

Lines out: ``{"event": "head"}`` when held, ``{"event": "part", "text": …}`` for each part, and ``{"event": "end", …}`` with ``status``,
``headers``, ``bytes``, ``sha256``, ``text`` of a short body, ``trailers``, and ``error``, which is null when the client takes the answer
for whole. A body that is sent is the block in the file named first on the command line, over and over; the second argument names the
authority to trust.
"""
