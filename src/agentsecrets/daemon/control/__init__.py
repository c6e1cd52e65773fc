"""The control plane's routes, one file per noun."""
