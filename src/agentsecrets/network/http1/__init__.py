"""HTTP/1.1 as two small state machines, a server half and a client half."""
