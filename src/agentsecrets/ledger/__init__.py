"""The signed, hash-chained log of a workspace: bytes, rules, replay. Pure."""
