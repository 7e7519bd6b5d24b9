"""A page is a folder: its routes, what they show, its templates."""
