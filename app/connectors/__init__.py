"""Hospital systems: each kind of source in a folder, all giving the same records."""
