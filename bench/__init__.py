"""Measures of the hot paths; figures are printed and kept as JSON, never asserted by tests."""
