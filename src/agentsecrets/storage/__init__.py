"""The disk: paths, files, the two SQLite databases."""
