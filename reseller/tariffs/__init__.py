"""Tariffs here and there: what belongs together."""
