"""Intent before, outcome after: writing, reading and verifying the log."""
