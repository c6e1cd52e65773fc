"""The hand-over program: receives the values of one command, and stays as that command's parent."""
