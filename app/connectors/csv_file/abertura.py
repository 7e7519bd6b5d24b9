"""What a file is by its bytes, never by its name: its size, its compression, its encoding."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from app.connectors.base import ArquivoRecusado
from app.connectors.csv_file.limites import Limites

_BLOCO: Final = 256 * 1024
_COMECO: Final = 4096
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_MARCACAO: Final = re.compile(rb"\s*<(?:!doctype|html|table|\?xml|meta)", re.IGNORECASE)
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SURROGATES: Final = re.compile("[\udc80-\udcff]")
_NAO_ASCII: Final = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Fonte:
    """The raw bytes of a file, positioned anywhere; `dono` when we opened it and must close it."""

    bytes_: BinaryIO
    tamanho: int
    dono: bool

    @property
    def progresso(self) -> float:
        return 1.0 if self.bytes_.closed else min(1.0, self.bytes_.tell() / max(1, self.tamanho))

    def close(self) -> None:
        if self.dono:
            self.bytes_.close()


def open_fonte(source: BinaryIO | Path, limites: Limites) -> Fonte:
    """Open and measure. What cannot be rewound is held in memory, up to the file limit."""
    if isinstance(source, Path):
        try:
            bytes_: BinaryIO = source.open("rb")
        except OSError as error:
            raise ArquivoRecusado("arquivo_inacessivel", "O arquivo não existe ou não pode ser lido.") from error
    else:
        bytes_ = source if source.seekable() else io.BytesIO(source.read(limites.arquivo + 1))
    fonte = Fonte(bytes_, bytes_.seek(0, io.SEEK_END), dono=isinstance(source, Path))
    try:
        _check_size(fonte.tamanho, limites)
    except ArquivoRecusado:
        fonte.close()
        raise
    return fonte


def is_planilha(fonte: Fonte) -> bool:
    fonte.bytes_.seek(0)
    comeco = fonte.bytes_.read(len(_OLE))
    if comeco == _OLE:
        raise ArquivoRecusado(
            "formato_antigo", "O arquivo é um XLS antigo ou protegido por senha: salve como XLSX ou CSV, sem senha."
        )
    return comeco == _ZIP


def open_texto(fonte: Fonte, limites: Limites) -> io.TextIOWrapper:
    """Return the text, decoded as its bytes say. What does not decode becomes a mark the rows are judged by."""
    codificacao = _detect(fonte, limites)
    erros = "replace" if codificacao == "utf-16" else "surrogateescape"
    return io.TextIOWrapper(cast("IO[bytes]", _unpacked(fonte)), encoding=codificacao, errors=erros, newline="")


def _check_size(tamanho: int, limites: Limites) -> None:
    if tamanho == 0:
        raise ArquivoRecusado("arquivo_vazio", "O arquivo está vazio.")
    if tamanho > limites.arquivo:
        raise ArquivoRecusado(
            "arquivo_grande", f"O arquivo passa de {limites.arquivo // (1024 * 1024)} MiB: divida a agenda."
        )


def _unpacked(fonte: Fonte) -> BinaryIO:
    fonte.bytes_.seek(0)
    comprimido = fonte.bytes_.read(len(_GZIP)) == _GZIP
    fonte.bytes_.seek(0)
    if comprimido:
        return cast("BinaryIO", gzip.GzipFile(fileobj=fonte.bytes_, mode="rb"))
    return cast("BinaryIO", _Undetached(fonte.bytes_))


class _Undetached(io.BufferedIOBase):
    """The caller's stream, which closing our text wrapper must not close."""

    def __init__(self, bytes_: BinaryIO) -> None:
        self._bytes = bytes_

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._bytes.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._bytes.read(size)


def _blocks(fonte: Fonte, limites: Limites) -> Iterator[bytes]:
    total = linhas = 0
    conteudo = _unpacked(fonte)
    try:
        while bloco := conteudo.read(_BLOCO):
            total += len(bloco)
            linhas += max(bloco.count(b"\n"), bloco.count(b"\r"))
            if total > limites.descomprimido or linhas > limites.linhas:
                raise ArquivoRecusado("arquivo_grande", "O arquivo é grande demais depois de descomprimido.")
            yield bloco
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ArquivoRecusado("arquivo_danificado", "O arquivo comprimido está danificado.") from error


def _detect(fonte: Fonte, limites: Limites) -> str:
    """Read the bytes once: UTF-8 when they are, or nearly are; else what Windows writes in Brazil."""
    decodificador = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    certos = errados = 0
    utf16 = False
    for numero, bloco in enumerate(_blocks(fonte, limites)):
        if numero == 0:
            utf16 = bloco[:2] in _UTF16
            _refuse_what_is_not_text(bloco[:_COMECO], utf16=utf16)
        if utf16 or bloco.isascii():
            decodificador.reset()
            continue
        texto = decodificador.decode(bloco)
        ilegiveis = len(_SURROGATES.findall(texto))
        errados += ilegiveis
        certos += len(_NAO_ASCII.findall(texto)) - ilegiveis
    if utf16:
        return "utf-16"
    return "utf-8-sig" if certos >= errados else "cp1252"


def _refuse_what_is_not_text(comeco: bytes, *, utf16: bool) -> None:
    if _MARCACAO.match(comeco):
        raise ArquivoRecusado(
            "formato_pagina", "O arquivo é uma página com nome de planilha: abra no Excel e salve como XLSX ou CSV."
        )
    if comeco[:4] == _ZIP or comeco[:2] == _GZIP or (not utf16 and comeco.count(0) > len(comeco) // 10):
        raise ArquivoRecusado("formato_desconhecido", "O arquivo não é CSV nem XLSX.")
