"""Verticals that stand on the public face alone."""
