"""The main job as a transcript: the product's own commands against a local TLS upstream."""
