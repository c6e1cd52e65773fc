"""One file per auth style; each exports one STYLE."""
