"""Tariffs here and at the seller: which of their parts belong together."""
