"""The life of a call: authorize, resolve, inject, forward, redact, record. No I/O of its own."""
