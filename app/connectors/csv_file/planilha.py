"""XLSX: what is inside the ZIP is measured before anything is unpacked into memory."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.connectors.base import ArquivoRecusado
from app.connectors.csv_file.limites import Limites
from app.connectors.csv_file.registros import Registro

_BLOCO: Final = 256 * 1024
_EMENDA: Final = 64  # bytes carried from block to block, so that nothing hides on the seam
_DECLARACAO: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# A cell's own reference decides how far the sheet reaches, whatever its row claims.
_REFERENCIA: Final = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]*)([0-9]*)")
_DIGITOS_MAX: Final = 40  # nobody pads a reference so; it would only hide from the seam
_ALFABETO: Final = 26


def open_planilha(source: BinaryIO, limites: Limites) -> tuple[CalamineSheet, bool]:
    """Return the first visible sheet, and whether there are others."""
    _inspect(source, limites)
    source.seek(0)
    try:
        livro = CalamineWorkbook.from_filelike(source)
        visiveis = [
            meta.name
            for meta in livro.sheets_metadata
            if meta.typ is SheetTypeEnum.WorkSheet and meta.visible is SheetVisibleEnum.Visible
        ]
        if not visiveis:
            raise ArquivoRecusado("sem_planilha", "O arquivo não tem nenhuma planilha visível.")
        return livro.get_sheet_by_name(visiveis[0]), len(visiveis) > 1
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged() from error


def read_rows(planilha: CalamineSheet) -> Iterator[Registro]:
    for numero, linha in enumerate(planilha.iter_rows(), 1):
        registro = Registro(numero, list[object](linha))
        if not registro.is_blank():
            yield registro


def _inspect(source: BinaryIO, limites: Limites) -> None:
    try:
        with zipfile.ZipFile(source) as pacote:
            entradas = pacote.infolist()
            if len(entradas) > limites.entradas or sum(e.file_size for e in entradas) > limites.descomprimido:
                raise _too_big()
            nomes = {entrada.filename for entrada in entradas}
            if "[Content_Types].xml" not in nomes or not any(nome.startswith("xl/") for nome in nomes):
                raise ArquivoRecusado("formato_desconhecido", "O arquivo não é CSV nem XLSX.")
            resta = limites.descomprimido
            for entrada in entradas:
                resta -= _measure(pacote, entrada, resta, limites)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error


def _measure(pacote: zipfile.ZipFile, entrada: zipfile.ZipInfo, resta: int, limites: Limites) -> int:
    """Unpack one entry block by block: sizes in a ZIP's directory are claims."""
    tamanho, linhas, colunas, fim = 0, 0, 0, b""
    xml = entrada.filename.endswith((".xml", ".rels"))
    with pacote.open(entrada) as conteudo:
        while bloco := conteudo.read(_BLOCO):
            if (tamanho := tamanho + len(bloco)) > resta:
                raise _too_big()
            trecho = _squeeze(fim + bloco)
            if _DECLARACAO.search(trecho) or (xml and b"\0" in trecho):  # NUL: UTF-16, which would hide one
                raise ArquivoRecusado("xml_perigoso", "O arquivo XLSX tem declarações que uma planilha não usa.")
            linhas, colunas = _reach(trecho, linhas, colunas)
            fim = trecho[-_EMENDA:]
    if linhas * colunas > limites.celulas:
        raise _too_big()
    return tamanho


def _squeeze(bloco: bytes) -> bytes:
    """Make every run of blanks one, or a padded attribute could straddle the seam unseen."""
    return b" " * bloco[:1].isspace() + b" ".join(bloco.split()) + b" " * bloco[-1:].isspace()


def _reach(trecho: bytes, linhas: int, colunas: int) -> tuple[int, int]:
    referencias = _REFERENCIA.findall(trecho)
    letras = {letras for letras, _ in referencias}
    if any(len(letra) + len(numero) > _DIGITOS_MAX for letra, numero in referencias):
        raise _too_big()
    return (
        max([linhas, *(int(numero or b"0") for _, numero in referencias)]),
        max([colunas, *(_column_number(coluna.upper()) for coluna in letras)]),
    )


def _column_number(letras: bytes) -> int:
    numero = 0
    for letra in letras:
        numero = numero * _ALFABETO + letra - ord("A") + 1
    return numero


def _too_big() -> ArquivoRecusado:
    return ArquivoRecusado("arquivo_grande", "O arquivo XLSX é grande demais depois de aberto: divida a agenda.")


def _damaged() -> ArquivoRecusado:
    return ArquivoRecusado("arquivo_danificado", "O arquivo XLSX está danificado ou protegido por senha.")
