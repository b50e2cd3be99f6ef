"""Files: what reads and writes them."""
