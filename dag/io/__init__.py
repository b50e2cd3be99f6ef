"""Files: what keeps what the room learns."""
