"""The conversation with the keychain of the operating system: in a program of its own, that can be given up."""
