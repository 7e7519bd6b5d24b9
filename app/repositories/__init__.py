"""Rows of one hospital: queries and bulk writes, never a commit."""
