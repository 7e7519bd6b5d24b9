"""`confirma demo`."""


def demo() -> None:
    """Ainda em construção."""
