"""Sockets, addresses, TLS."""
