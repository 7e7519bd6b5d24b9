"""`confirma importar`: a schedule file comes in."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import facts, table
from app.cli.sessao import Terminal
from app.connectors.base import Aviso, ItemAgenda, LinhaRejeitada
from app.connectors.csv_file import Agenda, RejectsWriter, read_agenda, rejects_path
from app.services.importacao_service import ResultadoImportacao
from app.wiring import Programa

_ORIGEM: Final = re.compile(r"[a-z0-9_-]{1,40}")
_SHOWN: Final = 20
_BLOCK: Final = 1 << 20
_EVERY: Final = 200  # rows between two looks at the bar: it costs more than reading one
DIA_FORMATS: Final = ["%d/%m/%Y", "%Y-%m-%d"]


@dataclass(frozen=True, slots=True)
class _Pedido:
    """What was asked for."""

    arquivo: Path
    origem: str
    completo: date | None
    mapa: Mapping[str, str]


def importar(
    tela: Terminal,
    arquivo: Annotated[Path, typer.Argument(help="Agenda em CSV (também .gz) ou XLSX.")],
    *,
    origem: Annotated[str, typer.Option(help="De onde vem a agenda.")] = "hospital",
    completo: Annotated[
        datetime | None,
        typer.Option(
            formats=DIA_FORMATS,
            metavar="DATA",
            help="O arquivo traz o dia inteiro: o que faltar nele foi cancelado pelo hospital.",
        ),
    ] = None,
    mapa: Annotated[
        list[str] | None,
        typer.Option(metavar="MAPA", help="Arquivo .json ou COLUNA=NOSSA, repetível, para cabeçalhos diferentes."),
    ] = None,
) -> int:
    """Importa a agenda de um arquivo; as linhas recusadas vão para outro, ao lado dele."""
    if not arquivo.is_file():
        raise UsoErrado("arquivo_inexistente", f"O arquivo {arquivo} não existe.")
    if not _ORIGEM.fullmatch(origem):
        raise UsoErrado("origem_invalida", "--origem usa até 40 letras minúsculas, algarismos, hífens ou sublinhados.")
    pedido = _Pedido(arquivo, origem, completo.date() if completo else None, read_mapa(mapa or []))
    resultado, rejeitados = tela.run(lambda programa: _import(programa, pedido, tela))
    _show(tela, resultado, rejeitados)
    return Saida.EM_PARTE if resultado.rejeitados or resultado.completo_recusado else Saida.FEITO


def read_mapa(partes: list[str]) -> dict[str, str]:
    """Read a column map from files and pairs; later ones win."""
    mapa: dict[str, str] = {}
    for parte in partes:
        if parte.lower().endswith(".json"):
            mapa |= _read_file(Path(parte))
            continue
        coluna, igual, nossa = parte.rpartition("=")
        if not igual or not coluna or not nossa:
            raise UsoErrado("mapa_invalido", f"--mapa {parte!r}: use COLUNA=NOSSA ou um arquivo .json.")
        mapa[coluna] = nossa
    return mapa


def _read_file(caminho: Path) -> dict[str, str]:
    try:
        lido = json.loads(caminho.read_text("utf-8-sig"))
    except OSError as error:
        raise UsoErrado("mapa_inacessivel", f"O mapa {caminho} não pôde ser lido: {error.strerror}.") from None
    except ValueError:
        lido = None
    if not isinstance(lido, dict) or not all(isinstance(nossa, str) for nossa in lido.values()):
        raise UsoErrado("mapa_invalido", f'O mapa {caminho} deve ser um objeto JSON como {{"Celular": "telefone"}}.')
    return lido


async def _import(programa: Programa, pedido: _Pedido, tela: Terminal) -> tuple[ResultadoImportacao, Path | None]:
    arquivo = pedido.arquivo
    with (
        read_agenda(arquivo, nome=arquivo.name, zona=programa.zona, mapa=pedido.mapa) as agenda,
        RejectsWriter(rejects_path(arquivo), agenda.cabecalho) as rejeitados,
        _progress(agenda, tela) as barra,
    ):
        try:
            resultado = await programa.importador.importar(
                barra,
                origem=pedido.origem,
                now=programa.clock(),
                completo=pedido.completo,
                arquivo_sha256=_sha256(arquivo),
                progress=barra.stored,
                rejeitar=rejeitados.write,
                quem="cli",
            )
        except OSError as error:
            if error.filename != str(rejeitados.destino):
                raise
            raise Falha(
                "rejeitados_inacessivel",
                f"As linhas recusadas não puderam ser gravadas em {rejeitados.destino}: {error.strerror}. "
                "Nada foi importado.",
            ) from None
    return resultado, rejeitados.destino if rejeitados.linhas else None


def _sha256(arquivo: Path) -> str:
    with arquivo.open("rb") as aberto:
        digest = hashlib.sha256()
        while block := aberto.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class _Barra:
    """Hands the rows on and moves the bars: rows are read in a thread of their own, then stored in batches."""

    def __init__(self, agenda: Agenda, progress: Progress) -> None:
        self._agenda = agenda
        self._progress = progress
        self._lendo = progress.add_task("Lendo", total=1.0)
        self._gravando = progress.add_task("Gravando", total=None)
        self._lidos = 0

    def __iter__(self) -> Iterator[ItemAgenda]:
        for item in self._agenda:
            self._lidos += not isinstance(item, LinhaRejeitada | Aviso)
            if self._lidos % _EVERY == 0:
                self._progress.update(self._lendo, completed=self._agenda.progresso)
            yield item
        self._progress.update(self._lendo, completed=1.0)
        self._progress.update(self._gravando, total=self._lidos)

    def stored(self, gravados: int) -> None:
        self._progress.update(self._gravando, completed=gravados)


@contextmanager
def _progress(agenda: Agenda, tela: Terminal) -> Iterator[_Barra]:
    columns = (TextColumn("{task.description:<9}"), BarColumn(), TaskProgressColumn())
    shown = sys.stderr.isatty() and not tela.em_json
    with Progress(*columns, console=tela.erros, transient=True, disable=not shown) as progress:
        yield _Barra(agenda, progress)


def _show(tela: Terminal, resultado: ResultadoImportacao, rejeitados: Path | None) -> None:
    objeto: dict[str, Any] = {
        "criados": resultado.criados,
        "atualizados": resultado.atualizados,
        "inalterados": resultado.inalterados,
        "rejeitados": resultado.rejeitados,
        "avisos": resultado.avisos,
        "arquivo_rejeitados": str(rejeitados) if rejeitados else None,
    }
    contagens = {nome.replace("_", " ").capitalize(): valor for nome, valor in objeto.items() if valor is not None}
    if resultado.cancelados_por_ausencia:
        contagens["Cancelados por ausência"] = resultado.cancelados_por_ausencia
    tela.show(
        objeto,
        facts("Importação", contagens),
        _lines("Linhas recusadas", resultado.rejeitadas, resultado.rejeitados),
        _lines("Avisos", resultado.avisadas, resultado.avisos),
    )
    if tela.em_json:
        for linha in resultado.rejeitadas[:_SHOWN]:
            tela.note(f"linha {linha.linha}: {linha.coluna or 'linha'}: {linha.mensagem} {linha.valor}".rstrip())
    if resultado.completo_recusado:
        tela.note(resultado.completo_recusado)


def _lines(titulo: str, linhas: list[LinhaRejeitada] | list[Aviso], total: int) -> Any:
    if not total:
        return None
    first = linhas[:_SHOWN]
    shown = f"{titulo}: {total}" if total <= _SHOWN else f"{titulo}: {total} (as primeiras {len(first)})"
    rows = ((linha.linha, linha.coluna, linha.motivo, linha.mensagem, linha.valor) for linha in first)
    return table(shown, ("Linha", "Coluna", "Código", "O que houve", "Valor"), rows)
