"""Shapes of our own API: what it takes (nothing unknown) and what it gives (nothing unasked)."""
