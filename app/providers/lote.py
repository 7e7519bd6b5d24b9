"""Calls that bring several events: how many there may be, and which of them keep a part of the body."""

from typing import Final

from app.providers.base import UnreadableWebhook
from app.schemas.recebida import Recebida

MOST_EVENTS: Final = 1000
"""As many as Meta puts into one call; the others send far fewer."""

_LONGEST_WORD: Final = 100


def refuse_too_many(events: int) -> None:
    """Raise UnreadableWebhook where one call brings more than any gateway sends."""
    if events > MOST_EVENTS:
        raise UnreadableWebhook("eventos_demais", f"Uma chamada pode trazer até {MOST_EVENTS} eventos.")


def unheard_of(word: str, corpo: str | None = None) -> Recebida:
    """Return what stands for an event of a kind that nobody here knows: it is kept as it came, and changes nothing.

    `corpo` is its own part of a body that brought several.
    """
    return Recebida(kind="status", status=word[:_LONGEST_WORD], corpo=corpo)


def is_kept(recebida: Recebida) -> bool:
    """Tell whether an event is stored with its part of the body: what a patient said, or a word we do not know.

    An ordinary receipt and news of the account leave no body behind, so none is written for them.
    """
    return recebida.kind == "resposta" or (recebida.kind == "status" and recebida.estado is None)
