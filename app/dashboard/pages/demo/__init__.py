"""The demonstration: its clock."""
