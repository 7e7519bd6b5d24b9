"""A file as a whole: what it is, how it is encoded, where its columns stand, and what is refused."""

import gzip
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import ArquivoRecusado, AtendimentoImportado, ItemAgenda, LinhaRejeitada
from app.connectors.csv_file import read_agenda
from app.connectors.csv_file.limites import Limites
from app.connectors.registry import FILE_CONNECTORS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "agendas"
ZONA = ZoneInfo("America/Sao_Paulo")
TITULOS = "nr_seq_agenda;nome_paciente;telefone;nome_medico;especialidade;data_consulta"
LINHA = "1;Ana Dias;27901234567;Dr. Igor;Cardiologia;05/10/2026 14:30"


def read(conteudo: str | bytes, mapa: dict[str, str] | None = None, limites: Limites | None = None) -> list[ItemAgenda]:
    dados = conteudo.encode() if isinstance(conteudo, str) else conteudo
    return list(read_agenda(io.BytesIO(dados), nome="a.csv", mapa=mapa, zona=ZONA, limites=limites or Limites()))


def records(itens: list[ItemAgenda]) -> list[AtendimentoImportado]:
    return [item for item in itens if isinstance(item, AtendimentoImportado)]


def rejected(itens: list[ItemAgenda]) -> list[tuple[int, str | None, str]]:
    return [(item.linha, item.coluna, item.motivo) for item in itens if isinstance(item, LinhaRejeitada)]


def refusal(
    conteudo: str | bytes, mapa: dict[str, str] | None = None, limites: Limites | None = None
) -> ArquivoRecusado:
    with pytest.raises(ArquivoRecusado) as recusado:
        read(conteudo, mapa, limites)
    return recusado.value


@pytest.mark.parametrize(
    ("arquivo", "linhas"),
    [
        ("ponto_e_virgula_cp1252.csv", [2, 3, 5]),
        ("virgula_utf8.csv", [2, 3, 5]),
        ("tab_utf8_bom.csv", [2, 3, 5]),
        ("tab_utf16.txt", [2, 3, 5]),
        ("virgula_cr_antigo.csv", [2, 3, 5]),
        ("com_titulos_acima.csv", [6, 7, 9]),
    ],
)
def test_same_schedule_in_every_separator_and_encoding(arquivo: str, linhas: list[int]) -> None:
    with read_agenda(FIXTURES / arquivo, nome=arquivo, zona=ZONA) as agenda:
        lidos = records(list(agenda))
    assert [lido.linha for lido in lidos] == linhas
    assert [lido.nr_seq_agenda for lido in lidos] == ["000101", "000102", "000103"]
    assert [lido.nome_paciente for lido in lidos] == ["João da Conceição", "Ângela Brandão", 'Zé "Nico" Uchôa']
    assert lidos[0].nome_medico == "Dra. Inês Araújo"
    assert lidos[1].observacoes == "prefere\nmanhã"
    assert [lido.data_consulta.isoformat() for lido in lidos] == [
        "2026-10-05T17:30:00+00:00",
        "2026-10-06T11:10:00+00:00",
        "2026-10-07T12:00:00+00:00",
    ]


def test_registry_reads_files_by_the_name_of_their_kind() -> None:
    fonte = io.BytesIO(f"{TITULOS}\n{LINHA}".encode())
    agenda = FILE_CONNECTORS["csv_file"].read(fonte, nome="x.csv", mapa=None, zona=ZONA)
    assert len(list(agenda)) == 1
    assert agenda.progresso == 1.0
    assert not fonte.closed


def test_gzipped_file_is_read() -> None:
    assert len(records(read(gzip.compress(f"{TITULOS}\n{LINHA}".encode())))) == 1


def test_stream_that_cannot_be_rewound_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert len(list(read_agenda(Pipe(f"{TITULOS}\n{LINHA}".encode()), nome="-", zona=ZONA))) == 1


def test_sender_s_name_is_shown_and_never_a_path() -> None:
    agenda = read_agenda(io.BytesIO(f"{TITULOS}\n{LINHA}".encode()), nome="..\\..\\etc/agenda\x1b.csv", zona=ZONA)
    assert agenda.nome == "agenda.csv"


def test_columns_in_any_order_case_and_accent() -> None:
    [lido] = records(
        read("ESPECIALIDADE,Data_Consulta,nome medico,Telefone,NOME-PACIENTE,nr seq agenda\nx,05/10/2026 08:00,m,,p,7")
    )
    assert (lido.nr_seq_agenda, lido.nome_paciente, lido.nome_medico, lido.especialidade) == ("7", "p", "m", "x")


def test_map_names_columns_nobody_could_guess() -> None:
    texto = "chave;quem;zap;com quem;do quê;quando\n1;Ana;27901234567;Igor;Cardio;05/10/2026 08:00"
    mapa = {
        "Chave": "nr_seq_agenda",
        "QUEM": "nome_paciente",
        "zap": "telefone",
        "com quem": "nome_medico",
        "do que": "especialidade",
        "quando": "data_consulta",
    }
    [lido] = records(read(texto, mapa))
    assert (lido.nome_paciente, lido.especialidade) == ("Ana", "Cardio")


def test_map_wins_over_our_own_names() -> None:
    texto = f"{TITULOS};nome social\n{LINHA};Bia Dias"
    [lido] = records(read(texto, {"nome social": "nome_paciente"}))
    assert lido.nome_paciente == "Bia Dias"


def test_second_phone_column_becomes_the_second_phone() -> None:
    [lido] = records(read(f"{TITULOS};celular\n{LINHA};27907654321"))
    assert (lido.telefone, lido.telefone_2) == ("27901234567", "27907654321")


def test_missing_columns_are_named_in_one_sentence_with_what_was_found() -> None:
    recusado = refusal("nr_seq_agenda;paciente;CRM\n1;Ana;9")
    assert recusado.motivo == "colunas_faltando"
    assert str(recusado) == (
        "Faltam as colunas telefone, nome_medico, especialidade, data_consulta. "
        "O arquivo tem: nr_seq_agenda, paciente, CRM."
    )


def test_first_row_that_may_be_a_patient_is_not_repeated() -> None:
    assert "Ana" not in str(refusal(LINHA))


@pytest.mark.parametrize(
    ("conteudo", "motivo"),
    [
        pytest.param(b"", "arquivo_vazio", id="nothing"),
        pytest.param(b" \r\n;;;\r\n", "arquivo_vazio", id="blank rows"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "formato_antigo", id="old XLS, or one with a password"),
        pytest.param(b"<html><table><tr>", "formato_pagina", id="a page named .xls"),
        pytest.param(b'\n<?xml version="1.0"?>', "formato_pagina", id="XML"),
        pytest.param(b"a\0b\0c\0" * 500, "formato_desconhecido", id="binary"),
        pytest.param(b"PK\x03\x04 no zip", "arquivo_danificado", id="a ZIP that is none"),
        pytest.param(b"\x1f\x8b no gzip", "arquivo_danificado", id="a gzip that is none"),
        pytest.param(gzip.compress(b"a;b\n" * 999)[:-9], "arquivo_danificado", id="half a gzip"),
        pytest.param(gzip.compress(gzip.compress(b"a;b")), "formato_desconhecido", id="gzip in gzip"),
        pytest.param(f"{TITULOS};telefone\n".encode(), "coluna_repetida", id="telefone twice"),
    ],
)
def test_what_is_no_schedule_is_refused(conteudo: bytes, motivo: str) -> None:
    assert refusal(conteudo).motivo == motivo


@pytest.mark.parametrize(
    ("conteudo", "motivo"),
    [
        pytest.param(b"x" * 2000, "arquivo_grande", id="file"),
        pytest.param(b'"\n' * 200, "arquivo_grande", id="lines"),
        pytest.param(gzip.compress(b"x;y\n" * 3000), "arquivo_grande", id="gzip bomb"),
        pytest.param(";".join(["a", "b"] + ["c"] * 30).encode() + b"\n", "colunas_demais", id="columns"),
    ],
)
def test_limits_refuse_before_reading(conteudo: bytes, motivo: str) -> None:
    limites = Limites(arquivo=1000, descomprimido=5000, colunas=10, linhas=100)
    assert refusal(conteudo, limites=limites).motivo == motivo


def test_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArquivoRecusado) as recusado:
        read_agenda(tmp_path / "nada.csv", nome="nada.csv", zona=ZONA)
    assert recusado.value.motivo == "arquivo_inacessivel"


def test_map_to_a_column_that_does_not_exist_is_refused() -> None:
    assert refusal(f"{TITULOS}\n{LINHA}", {"x": "cpf"}).motivo == "mapa_invalido"


@pytest.mark.parametrize(
    ("linha", "motivo"),
    [
        pytest.param('2;"Bia;1;m;e;05/10/2026 08:00', "aspas_abertas", id="quote never closed"),
        pytest.param("2;Bia;1;m;e;05/10/2026 08:00;;sobra", "colunas_demais", id="one cell too many"),
        pytest.param("2;Bia;1", "colunas_de_menos", id="cut short"),
        pytest.param("2;B\0ia;1;m;e;05/10/2026 08:00", "caracteres_invalidos", id="NUL"),
        pytest.param("2;" + "x" * 70_000 + ";1;m;e;05/10/2026 08:00", "linha_longa", id="endless line"),
        pytest.param('2;"' + "x" * 70_000 + '";1;m;e;05/10/2026 08:00', "linha_longa", id="endless quoted line"),
    ],
)
@pytest.mark.parametrize("vizinhas", [1, 80])
def test_broken_row_takes_no_neighbour_with_it(linha: str, motivo: str, vizinhas: int) -> None:
    depois = "\n".join(f'{10 + n};"Caio";;m;e;05/10/2026 09:00' for n in range(vizinhas))
    itens = read(f"{TITULOS}\n{LINHA}\n{linha}\n{depois}\n")
    assert rejected(itens) == [(3, None, motivo)]
    assert [lido.linha for lido in records(itens)] == [2, *range(4, 4 + vizinhas)]


def test_row_with_letters_in_another_encoding_is_rejected_alone() -> None:
    dados = f"{TITULOS}\n1;João;;m;e;05/10/2026 08:00\n".encode() + "2;Zoé;;m;e;05/10/2026 08:00\n".encode("cp1252")
    itens = read(dados + "3;Inês;;m;e;05/10/2026 08:00\n".encode())
    assert rejected(itens) == [(3, None, "codificacao_invalida")]
    assert [lido.nome_paciente for lido in records(itens)] == ["João", "Inês"]


def test_blank_cells_at_the_end_and_blank_rows_are_nothing() -> None:
    itens = read(f"{TITULOS}\n{LINHA};;;\n\n;;;;;\n   \n")
    assert len(itens) == 1


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_the_reader(dados: bytes, com_titulos: bool) -> None:  # noqa: FBT001
    try:
        read((TITULOS.encode() + b"\n" if com_titulos else b"") + dados)
    except ArquivoRecusado as recusado:
        assert str(recusado).endswith(".")  # noqa: PT017 - either outcome is right
