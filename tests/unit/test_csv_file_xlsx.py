"""XLSX as Excel writes it, and as somebody who wishes us harm would."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from app.connectors.base import ArquivoRecusado, AtendimentoImportado, Aviso, ItemAgenda, LinhaRejeitada
from app.connectors.csv_file import read_agenda
from app.connectors.csv_file.limites import Limites

ZONA = ZoneInfo("America/Sao_Paulo")
TITULOS = ("Nr Seq Agenda", "Paciente", "Celular", "Médico", "Especialidade", "Data", "Hora")
MANHA = datetime(2026, 10, 5, 9, 40, tzinfo=UTC).replace(tzinfo=None)


def make_xlsx(*linhas: Sequence[object]) -> bytes:
    livro = openpyxl.Workbook()
    planilha = livro.active
    assert planilha is not None
    for linha in linhas:
        planilha.append(list(linha))
    return save(livro)


def save(livro: openpyxl.Workbook) -> bytes:
    destino = io.BytesIO()
    livro.save(destino)
    return destino.getvalue()


def read(dados: bytes, limites: Limites | None = None) -> list[ItemAgenda]:
    return list(read_agenda(io.BytesIO(dados), nome="a.xlsx", zona=ZONA, limites=limites or Limites()))


def rewrite(dados: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    destino = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dados)) as original, zipfile.ZipFile(destino, "w", zipfile.ZIP_DEFLATED) as novo:
        for entrada in original.namelist():
            novo.writestr(entrada, change(entrada, original.read(entrada)))
    return destino.getvalue()


def refusal(dados: bytes, limites: Limites | None = None) -> str:
    with pytest.raises(ArquivoRecusado) as recusado:
        read(dados, limites)
    return recusado.value.motivo


def test_cells_of_every_type(tmp_path: Path) -> None:
    arquivo = tmp_path / "agenda.xlsx"
    arquivo.write_bytes(
        make_xlsx(
            (),
            ("Agenda ambulatorial",),
            TITULOS,
            ("000123", "Ana Dias", "27 90123-4567", "Dr. Igor", "Cardiologia", MANHA),
            (),
            (5642903, "Bia Dias", 27901234567, "Dr. Igor", "Cardiologia", date(2026, 10, 5), time(9, 40)),
            (7.0, "Caio Dias", 27901234567.0, "Dr. Igor", "Cardiologia", "05/10/2026 09:40"),
        )
    )
    with read_agenda(arquivo, nome=arquivo.name, zona=ZONA) as agenda:
        lidos = [item for item in agenda if isinstance(item, AtendimentoImportado)]
        assert agenda.progresso == 1.0
    assert [(lido.linha, lido.nr_seq_agenda, lido.telefone) for lido in lidos] == [
        (4, "000123", "27 90123-4567"),
        (6, "5642903", "27901234567"),
        (7, "7", "27901234567"),
    ]
    assert {lido.data_consulta for lido in lidos} == {datetime(2026, 10, 5, 12, 40, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("nr_seq_agenda", "quando", "motivo"),
    [
        pytest.param("1", date(2026, 10, 5), "sem_hora", id="a date alone"),
        pytest.param("1", 45935.604, "data_invalida", id="a number that is not formatted as a date"),
        pytest.param(12345678901234567890, MANHA, "id_notacao_cientifica", id="an id Excel rounded"),
    ],
)
def test_cells_that_lost_what_they_said(nr_seq_agenda: object, quando: object, motivo: str) -> None:
    [rejeitada] = read(make_xlsx(TITULOS[:6], (nr_seq_agenda, "Ana", "27901234567", "Dr. Igor", "x", quando)))
    assert isinstance(rejeitada, LinhaRejeitada)
    assert rejeitada.motivo == motivo


def test_first_visible_sheet_is_read_and_the_others_are_said() -> None:
    livro = openpyxl.Workbook()
    oculta = livro.active
    assert oculta is not None
    oculta.sheet_state = "hidden"
    for nome in ("Agenda", "Resumo"):
        planilha = livro.create_sheet(nome)
        planilha.append(TITULOS)
        planilha.append(("1", f"Ana {nome}", "27901234567", "Dr. Igor", "x", MANHA))
    aviso, lido = read(save(livro))
    assert isinstance(aviso, Aviso)
    assert isinstance(lido, AtendimentoImportado)
    assert (aviso.motivo, lido.nome_paciente) == ("planilhas_ignoradas", "Ana Agenda")


GOOD = make_xlsx(TITULOS, ("1", "Ana", "27901234567", "Dr. Igor", "x", MANHA))


@pytest.mark.parametrize(
    "declaracao",
    [
        pytest.param(b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>', id="entity"),
        pytest.param(b'<!doctype x SYSTEM "file:///etc/passwd">', id="external"),
        pytest.param('<?xml version="1.0"?><!DOCTYPE x>'.encode("utf-16"), id="in UTF-16"),
    ],
)
@pytest.mark.parametrize("entrada", ["xl/styles.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_entity_declarations_are_refused_wherever_they_hide(entrada: str, declaracao: bytes) -> None:
    assert refusal(rewrite(GOOD, lambda n, d: declaracao + d if n == entrada else d)) == "xml_perigoso"


@pytest.mark.parametrize(
    "referencia",
    [
        pytest.param(b'r="XFD1048576"', id="far away"),
        pytest.param(b"r='XFD1048576'", id="single quotes"),
        pytest.param(b"r" + b" " * 300_000 + b'="XFD1048576"', id="blanks over the reading block"),
        pytest.param(b'r="XFD' + b"0" * 300_000 + b'1048576"', id="zeros over the reading block"),
    ],
)
def test_sheet_that_would_be_a_gigantic_rectangle_is_refused(referencia: bytes) -> None:
    dados = rewrite(GOOD, lambda n, d: d.replace(b'r="A2"', referencia) if n.endswith("sheet1.xml") else d)
    assert dados != GOOD
    assert refusal(dados) == "arquivo_grande"


def test_zip_bombs_are_refused() -> None:
    assert refusal(GOOD, Limites(entradas=3)) == "arquivo_grande"
    assert refusal(GOOD, Limites(descomprimido=2000)) == "arquivo_grande"
    mentiroso = rewrite(GOOD, lambda n, d: d + b" " * 5_000_000 if n == "xl/styles.xml" else d)
    assert refusal(mentiroso, Limites(descomprimido=1_000_000)) == "arquivo_grande"


def test_size_in_the_directory_of_the_zip_is_not_believed() -> None:
    dados = rewrite(GOOD, lambda n, d: d + b" " * 5_000_000 if n == "xl/styles.xml" else d)
    with zipfile.ZipFile(io.BytesIO(dados)) as pacote:
        verdadeiro = pacote.getinfo("xl/styles.xml").file_size
    mentira = dados.replace(verdadeiro.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert mentira != dados
    assert refusal(mentira, Limites(descomprimido=1_000_000)) in {"arquivo_grande", "arquivo_danificado"}


@pytest.mark.parametrize(
    ("dados", "motivo"),
    [
        pytest.param(GOOD[:-200], "arquivo_danificado", id="cut short"),
        pytest.param(make_xlsx(), "arquivo_vazio", id="an empty sheet"),
        pytest.param(make_xlsx(("a", "b"), (1, 2)), "colunas_faltando", id="another table"),
    ],
)
def test_what_is_no_schedule_is_refused(dados: bytes, motivo: str) -> None:
    assert refusal(dados) == motivo


def test_zip_of_something_else_is_refused() -> None:
    destino = io.BytesIO()
    with zipfile.ZipFile(destino, "w") as pacote:
        pacote.writestr("leia.txt", "nada")
    assert refusal(destino.getvalue()) == "formato_desconhecido"


def test_workbook_whose_insides_are_broken_is_refused() -> None:
    assert refusal(rewrite(GOOD, lambda n, d: b"<x" if n == "xl/workbook.xml" else d)) in {
        "arquivo_danificado",
        "sem_planilha",
    }
