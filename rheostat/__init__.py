"""rheostat: build the Cursor for X."""
