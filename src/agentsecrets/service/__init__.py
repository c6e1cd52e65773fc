"""Putting the service into a machine, saying how it stands, and taking it out again."""
