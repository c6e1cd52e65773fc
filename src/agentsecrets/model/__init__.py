"""Frozen values that every floor speaks in: secrets, places, callers, targets, bindings, calls, events."""
