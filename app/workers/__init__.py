"""Processes that send what is due and apply what came in."""
