"""`confirma simular`."""


def simular() -> None:
    """Ainda em construção."""
