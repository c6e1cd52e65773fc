"""One file per command group; each exports one click command."""
