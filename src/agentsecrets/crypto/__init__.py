"""Sealing, signing, deriving: the only door to the cryptographic libraries."""
