"""One file per refusal; each exports one RULE."""
