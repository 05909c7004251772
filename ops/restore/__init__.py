"""Brings a snapshot, or a moment, of the database back as a second one: `make restore`."""
