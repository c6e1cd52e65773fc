"""Accounts, keys and sealed records: what can be done with them."""
