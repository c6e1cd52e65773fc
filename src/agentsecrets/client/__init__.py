"""The one client of the daemon's control plane."""
