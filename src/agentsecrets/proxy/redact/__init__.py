"""Taking values out of what an upstream answers."""
