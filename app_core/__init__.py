"""Composes the rooms: declarations, runs and their Logs, models, redlines, and the ways in."""
