"""A schedule file being read: what it is, where its header stands, and its rows one after another."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, Final, Protocol, Self
from zoneinfo import ZoneInfo

from app.connectors.base import ArquivoRecusado, ItemAgenda
from app.connectors.csv_file.abertura import Fonte, is_planilha, open_fonte, open_texto
from app.connectors.csv_file.celulas import as_text, clean
from app.connectors.csv_file.colunas import OBRIGATORIAS, Layout, check_mapa, fold, match_header, require
from app.connectors.csv_file.limites import LIMITES, Limites
from app.connectors.csv_file.linha import LinhaReader
from app.connectors.csv_file.motivos import reject, warn
from app.connectors.csv_file.planilha import open_planilha, read_rows
from app.connectors.csv_file.registros import SEPARADORES, Registro, Registros, first_records, read_lines
from app.connectors.csv_file.vitoria import VitoriaReader, match_vitoria

_ACIMA_DO_CABECALHO: Final = 10  # exports put titles and filters above their header
_LINHAS_DO_COMECO: Final = 60
_NOME_MAX: Final = 120


class _RowReader(Protocol):
    def read(self, registro: Registro) -> list[ItemAgenda]: ...


@dataclass(frozen=True, slots=True)
class _Cabecalho:
    registro: Registro
    separador: str
    layout: Layout
    vitoria: Mapping[str, int] | None

    @property
    def nota(self) -> tuple[int, int, int]:
        reconhecidas = len(OBRIGATORIAS) - len(self.layout.faltando)
        if self.vitoria:
            reconhecidas = len(OBRIGATORIAS)
        cheias = sum(1 for celula in self.registro.celulas if fold(as_text(celula)))
        return reconhecidas, len(self.layout.posicoes), cheias if not reconhecidas else 0


class Agenda:
    """Iterate once: records, rejected rows and warnings in the order of the file. Closes itself at the end."""

    def __init__(
        self, itens: Iterator[ItemAgenda], cabecalho: tuple[str, ...], *, fonte: Fonte, progresso: Callable[[], float]
    ) -> None:
        self.nome = ""
        self.cabecalho = cabecalho
        self._itens = itens
        self._fonte = fonte
        self._progresso = progresso

    @property
    def progresso(self) -> float:
        return self._progresso()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ItemAgenda:
        try:
            return next(self._itens)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        self._fonte.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class CsvFileConnector:
    name: ClassVar[str] = "csv_file"

    def read(self, source: BinaryIO | Path, *, nome: str, mapa: Mapping[str, str] | None, zona: ZoneInfo) -> Agenda:
        return read_agenda(source, nome=nome, mapa=mapa, zona=zona)


def read_agenda(
    source: BinaryIO | Path,
    *,
    nome: str,
    zona: ZoneInfo,
    mapa: Mapping[str, str] | None = None,
    limites: Limites = LIMITES,
) -> Agenda:
    """Open a CSV (also gzipped) or XLSX schedule, or raise `ArquivoRecusado`.

    `nome` is what the sender calls the file: shown, never a path, never believed. `mapa` names our
    column for a header of the file. Times without an offset are in `zona`.
    """
    check_mapa(mapa or {})
    fonte = open_fonte(source, limites)
    try:
        if is_planilha(fonte):
            agenda = _open_xlsx(fonte, mapa or {}, zona, limites=limites)
        else:
            agenda = _open_csv(fonte, mapa or {}, zona, limites=limites)
    except BaseException:  # whatever it was: nobody else holds the file yet
        fonte.close()
        raise
    agenda.nome = clean(nome.replace("\\", "/").rpartition("/")[2], limite=_NOME_MAX)[0]
    return agenda


def _open_csv(fonte: Fonte, mapa: Mapping[str, str], zona: ZoneInfo, *, limites: Limites) -> Agenda:
    linhas = read_lines(open_texto(fonte, limites), limites)
    comeco = list(islice(linhas, _LINHAS_DO_COMECO))
    candidatos = [
        _candidate(registro, separador, mapa)
        for separador in SEPARADORES
        for registro in first_records(comeco, separador, limites, quantos=_ACIMA_DO_CABECALHO)
    ]
    cabecalho = _choose(candidatos, limites)
    registros = Registros(chain(comeco, linhas), cabecalho.separador, limites, largura=len(cabecalho.registro.celulas))
    return _start(registros, cabecalho, zona, fonte=fonte, progresso=lambda: fonte.progresso)


def _open_xlsx(fonte: Fonte, mapa: Mapping[str, str], zona: ZoneInfo, *, limites: Limites) -> Agenda:
    planilha, outras = open_planilha(fonte.bytes_, limites)
    linhas = read_rows(planilha)
    comeco = list(islice(linhas, _ACIMA_DO_CABECALHO))
    cabecalho = _choose([_candidate(registro, "", mapa) for registro in comeco], limites)
    lidas = [0]

    def counted() -> Iterator[Registro]:
        for registro in chain(comeco, linhas):
            lidas[0] = registro.linha
            yield registro

    altura = max(1, planilha.total_height)
    primeiros = [warn(1, "planilhas_ignoradas")] if outras else []
    return _start(
        counted(), cabecalho, zona, fonte=fonte, progresso=lambda: min(1.0, lidas[0] / altura), primeiros=primeiros
    )


def _candidate(registro: Registro, separador: str, mapa: Mapping[str, str]) -> _Cabecalho:
    titulos = registro.originais
    return _Cabecalho(registro, separador, match_header(titulos, mapa), match_vitoria(titulos))


def _choose(candidatos: list[_Cabecalho], limites: Limites) -> _Cabecalho:
    if not any(candidato.nota != (0, 0, 0) for candidato in candidatos):
        raise ArquivoRecusado("arquivo_vazio", "O arquivo não tem nenhuma linha preenchida.")
    cabecalho = max(candidatos, key=lambda candidato: candidato.nota)  # of equals, the first
    if len(cabecalho.registro.celulas) > limites.colunas:
        raise ArquivoRecusado("colunas_demais", f"O arquivo tem mais de {limites.colunas} colunas.")
    if not cabecalho.vitoria:
        require(cabecalho.layout, cabecalho.registro.originais)
    return cabecalho


def _start(
    registros: Iterable[Registro],
    cabecalho: _Cabecalho,
    zona: ZoneInfo,
    *,
    fonte: Fonte,
    progresso: Callable[[], float],
    primeiros: Sequence[ItemAgenda] = (),
) -> Agenda:
    leitor: _RowReader = (
        VitoriaReader(cabecalho.vitoria) if cabecalho.vitoria else LinhaReader(cabecalho.layout.posicoes, zona)
    )
    posicoes = cabecalho.vitoria or cabecalho.layout.posicoes
    minimo = 1 + max(posicoes[coluna] for coluna in (cabecalho.vitoria or OBRIGATORIAS))
    abaixo = (registro for registro in registros if registro.linha > cabecalho.registro.linha)
    itens = _read_all(abaixo, leitor, largura=len(cabecalho.registro.celulas), minimo=minimo)
    return Agenda(chain(primeiros, itens), cabecalho.registro.originais, fonte=fonte, progresso=progresso)


def _read_all(registros: Iterable[Registro], leitor: _RowReader, *, largura: int, minimo: int) -> Iterator[ItemAgenda]:
    for registro in registros:
        if registro.is_blank():
            continue
        problema = registro.problema or _misfit(registro, largura, minimo)
        if problema:
            yield reject(registro.linha, problema, registro.originais)
        else:
            yield from leitor.read(registro)


def _misfit(registro: Registro, largura: int, minimo: int) -> str | None:
    celulas = registro.celulas
    if len(celulas) < minimo:
        return "colunas_de_menos"
    if len(celulas) > largura and any(as_text(celula).strip() for celula in celulas[largura:]):
        return "colunas_demais"
    return None
