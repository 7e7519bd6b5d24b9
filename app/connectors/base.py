"""What every source of schedules gives: records, rows it had to refuse, and warnings.

ArquivoRecusado   the source as a whole cannot be read; nothing of it was taken
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, Protocol, Self
from zoneinfo import ZoneInfo

from app.domain.confirmacao import SituacaoAgenda, TipoAtendimento


@dataclass(frozen=True, slots=True, kw_only=True)
class AtendimentoImportado:
    """One booking as the hospital wrote it. Phones are raw; instants are aware and UTC."""

    nr_seq_agenda: str
    nome_paciente: str
    nome_medico: str
    especialidade: str
    data_consulta: datetime
    linha: int
    id_paciente: str | None = None
    data_nascimento: date | None = None
    telefone: str | None = None
    telefone_2: str | None = None
    responsavel: str | None = None
    email: str | None = None
    tipo: TipoAtendimento = TipoAtendimento.CONSULTA
    convenio: str | None = None
    unidade: str | None = None
    sala: str | None = None
    duracao_min: int | None = None
    chegar_antes_min: int | None = None
    preparo: str | None = None
    observacoes: str | None = None
    situacao_agenda: SituacaoAgenda = SituacaoAgenda.AGENDADO
    origem_versao: datetime | None = None
    agendado_em: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinhaRejeitada:
    """A row that did not go in. `valor` is masked; `celulas` is the row as it came, for the rejects file alone."""

    linha: int
    coluna: str | None
    motivo: str
    mensagem: str
    valor: str = ""
    celulas: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Aviso:
    """Something a person should see about a row that did go in."""

    linha: int
    coluna: str | None
    motivo: str
    mensagem: str
    valor: str = ""


ItemAgenda = AtendimentoImportado | LinhaRejeitada | Aviso


class ArquivoRecusado(Exception):  # noqa: N818 - named for what happened
    """The file cannot be read at all: `motivo` is a stable code, the text a sentence for the person who sent it."""

    def __init__(self, motivo: str, mensagem: str) -> None:
        super().__init__(mensagem)
        self.motivo = motivo
        self.mensagem = mensagem


class LeituraAgenda(Protocol):
    """A source being read: iterate it once; it may raise `ArquivoRecusado` while it goes."""

    @property
    def cabecalho(self) -> tuple[str, ...]:
        """The source's own column names, for the rejects file."""
        ...

    @property
    def progresso(self) -> float:
        """How much was read, from 0 to 1."""
        ...

    def __iter__(self) -> Iterator[ItemAgenda]: ...

    def __next__(self) -> ItemAgenda: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class FileConnector(Protocol):
    """A kind of schedule file."""

    name: ClassVar[str]

    def read(
        self, source: BinaryIO | Path, *, nome: str, mapa: Mapping[str, str] | None, zona: ZoneInfo
    ) -> LeituraAgenda:
        """Open `source`, or raise `ArquivoRecusado`. `mapa`: header of the file to our column."""
        ...
