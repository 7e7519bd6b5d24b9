"""By which of a hospital's channels a message goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EstadoCanal:
    """One channel as it stands; the smallest `prioridade` is used first, equal ones share the work."""

    id: int
    prioridade: int
    ultimo_recurso: bool = False
    """Not WhatsApp: for those whom it does not reach."""
    usavel: bool = True
    cheio: bool = False
    """It may write first to nobody new today."""


@dataclass(frozen=True, slots=True)
class Caminho:
    """What one channel may take: contacts of its own always; others' only if `preferido`."""

    preferido: bool
    usaveis: tuple[int, ...]
    """Channels of the same sort that keep their own contacts."""


def choose_caminhos(canais: Iterable[EstadoCanal]) -> Mapping[int, Caminho]:
    """Return the road of each usable channel, in order of preference.

    A contact keeps the channel it last answered on while that one is usable;
    everybody else goes by the best usable one. One that fell, is paused or full
    leaves its place to the next.
    """
    usable = sorted((canal for canal in canais if canal.usavel), key=lambda canal: (canal.prioridade, canal.id))
    return {canal.id: _caminho(canal, [other for other in usable if _same_sort(other, canal)]) for canal in usable}


def _caminho(canal: EstadoCanal, peers: list[EstadoCanal]) -> Caminho:
    free = [peer for peer in peers if not peer.cheio]
    best = min((peer.prioridade for peer in free), default=canal.prioridade)
    return Caminho(preferido=canal.prioridade == best, usaveis=tuple(peer.id for peer in free))


def _same_sort(one: EstadoCanal, other: EstadoCanal) -> bool:
    return one.ultimo_recurso == other.ultimo_recurso
