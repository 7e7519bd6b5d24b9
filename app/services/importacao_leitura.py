"""A source read to its end before anything of it is stored: it may turn out unreadable, or say a thing twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.connectors.base import AtendimentoImportado, Aviso, ItemAgenda, LinhaRejeitada
from app.services.importacao_registro import refusal

_KEPT: Final = 1_000
_REPETIDO: Final = "Número de agenda repetido no arquivo: vale a versão mais nova ou, sem versão, a última linha."


@dataclass(slots=True)
class Lidos:
    """All a source gave. The lists hold the first ones only; the counts, all.

    `ids_rejeitados` are the bookings that a refused row named; `sem_id` counts refused rows that name none.
    """

    itens: dict[str, AtendimentoImportado] = field(default_factory=dict)
    rejeitados: int = 0
    rejeitadas: list[LinhaRejeitada] = field(default_factory=list)
    avisos: int = 0
    avisadas: list[Aviso] = field(default_factory=list)
    ids_rejeitados: set[str] = field(default_factory=set)
    sem_id: int = 0

    @property
    def unidades(self) -> set[str]:
        return {item.unidade for item in self.itens.values() if item.unidade}

    def take(self, item: AtendimentoImportado) -> None:
        """Keep a record; of two with one number the one of the newer version, else the later one."""
        outro = self.itens.get(item.nr_seq_agenda)
        if outro is None:
            self.itens[item.nr_seq_agenda] = item
            return
        self.warn(Aviso(item.linha, "nr_seq_agenda", "id_repetido", _REPETIDO))
        if not _is_older(item.origem_versao, outro.origem_versao):
            self.itens[item.nr_seq_agenda] = item

    def reject(self, linha: LinhaRejeitada) -> None:
        self.rejeitados += 1
        if len(self.rejeitadas) < _KEPT:
            self.rejeitadas.append(linha)

    def warn(self, aviso: Aviso) -> None:
        self.avisos += 1
        if len(self.avisadas) < _KEPT:
            self.avisadas.append(aviso)


def read_all(
    linhas: Iterable[ItemAgenda], *, now: datetime, rejeitar: Callable[[LinhaRejeitada], None] | None = None
) -> Lidos:
    """Read the source whole; `rejeitar` is handed each refused row as it comes."""
    lidos = Lidos()
    for item in linhas:
        recusa = _refused(item, lidos, now=now)
        if recusa is not None:
            lidos.reject(recusa)
            if rejeitar:
                rejeitar(recusa)
    return lidos


def _refused(item: ItemAgenda, lidos: Lidos, *, now: datetime) -> LinhaRejeitada | None:
    """Take one item, or return it as refused."""
    if isinstance(item, Aviso):
        lidos.warn(item)
        return None
    if isinstance(item, LinhaRejeitada):
        lidos.sem_id += 1
        return item
    recusa = refusal(item, now=now)
    if recusa is None:
        lidos.take(item)
    elif item.nr_seq_agenda:
        lidos.ids_rejeitados.add(item.nr_seq_agenda)
    else:
        lidos.sem_id += 1
    return recusa


def _is_older(versao: datetime | None, outra: datetime | None) -> bool:
    return versao is not None and outra is not None and versao < outra
