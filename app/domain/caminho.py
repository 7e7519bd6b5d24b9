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
    esgotado: bool = False
    """Its rate is spent for the moment: those it shares with take its part."""


@dataclass(frozen=True, slots=True)
class Caminho:
    """What one channel may take: contacts of its own always; others' only if `preferido`."""

    preferido: bool
    usaveis: tuple[int, ...]
    """Channels of the same sort that keep their own contacts."""
    parte: int = 0
    partes: int = 1
    """Of the others' contacts it takes one part of so many."""


@dataclass(frozen=True, slots=True)
class UltimosRecursos:
    """A hospital's channels for those whom WhatsApp does not reach."""

    canais: frozenset[int] = frozenset()
    so_email: bool = False
    """All of them are e-mail: they reach only those whose address is known."""

    def serve(self, canal_id: int | None, *, tem_email: bool) -> bool:
        """Tell whether what `canal_id` could not deliver for its number may go by one of these."""
        return bool(self.canais) and canal_id not in self.canais and (tem_email or not self.so_email)


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
    sharing = [peer.id for peer in free if peer.prioridade == best and not peer.esgotado]
    shares = canal.id in sharing
    return Caminho(
        preferido=canal.prioridade == best,
        usaveis=tuple(peer.id for peer in free),
        parte=sharing.index(canal.id) if shares else 0,
        partes=len(sharing) if shares else 1,
    )


def _same_sort(one: EstadoCanal, other: EstadoCanal) -> bool:
    return one.ultimo_recurso == other.ultimo_recurso
