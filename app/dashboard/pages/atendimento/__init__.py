"""One appointment: its facts, its story, what comes next."""
