"""Editions: what is owed to a digest becomes a sealed number of it."""
