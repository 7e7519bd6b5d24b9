"""`confirma importar`, as a hospital's night script calls it."""

import json
from pathlib import Path

import pytest

from tests.integration.cli.apoio import Confirma, daqui

CABECALHO = "nr_seq_agenda;nome_paciente;telefone;nome_medico;especialidade;data_consulta"
CHAVES = ["criados", "atualizados", "inalterados", "rejeitados", "avisos", "arquivo_rejeitados"]


def agenda(pasta: Path, *linhas: str, cabecalho: str = CABECALHO, nome: str = "agenda.csv") -> Path:
    arquivo = pasta / nome
    arquivo.write_text("\n".join((cabecalho, *linhas)) + "\n", "utf-8")
    return arquivo


def linha(numero: str, *, quando: str | None = None) -> str:
    quando = quando if quando is not None else daqui(400)
    return f"{numero};Ana Prado;(31) 98765-4321;Dra. Helena;Cardiologia;{quando}"


async def test_good_rows_go_in_and_the_same_again_changes_nothing(confirma: Confirma, tmp_path: Path) -> None:
    arquivo = agenda(tmp_path, linha("imp-1"), linha("imp-2"))
    first = await confirma("importar", str(arquivo), "--json")
    again = await confirma("importar", str(arquivo), "--json")
    assert (first.rc, again.rc) == (0, 0)
    assert list(first.json) == CHAVES
    assert first.json == dict(zip(CHAVES, (2, 0, 0, 0, 0, None), strict=True))
    assert again.json == dict(zip(CHAVES, (0, 0, 2, 0, 0, None), strict=True))


async def test_bad_rows_are_told_and_kept_beside_the_file(confirma: Confirma, tmp_path: Path) -> None:
    arquivo = agenda(tmp_path, linha("imp-10"), linha("imp-11", quando=daqui(400)[:10]))
    done = await confirma("importar", str(arquivo), "--json")
    assert done.rc == 3
    assert done.json["rejeitados"] == 1
    rejeitados = tmp_path / "agenda_rejeitados.csv"
    assert done.json["arquivo_rejeitados"] == str(rejeitados)
    assert "imp-11" in rejeitados.read_text("utf-8-sig")
    assert "imp-10" not in rejeitados.read_text("utf-8-sig")
    assert "linha 3: data_consulta" in done.err


async def test_people_get_counts_and_the_refused_rows(confirma: Confirma, tmp_path: Path) -> None:
    done = await confirma("importar", str(agenda(tmp_path, linha("imp-20", quando="sem data"))))
    assert done.rc == 3
    assert "data_invalida" in done.out
    assert "Linhas recusadas: 1" in done.out


@pytest.mark.parametrize("como", ["pares", "arquivo"])
async def test_other_headers_are_mapped(confirma: Confirma, tmp_path: Path, como: str) -> None:
    cabecalho = CABECALHO.replace("telefone", "Zap").replace("data_consulta", "Quando")
    arquivo = agenda(tmp_path, linha(f"imp-mapa-{como}"), cabecalho=cabecalho)
    mapa = {"Zap": "telefone", "Quando": "data_consulta"}
    (tmp_path / "mapa.json").write_text(json.dumps(mapa), "utf-8")
    given = (
        [f"{coluna}={nossa}" for coluna, nossa in mapa.items()] if como == "pares" else [str(tmp_path / "mapa.json")]
    )
    options = [word for item in given for word in ("--mapa", item)]
    done = await confirma("importar", str(arquivo), *options, "--json")
    assert (done.rc, done.json["criados"]) == (0, 1)


async def test_a_complete_day_cancels_what_it_does_not_name(confirma: Confirma, tmp_path: Path) -> None:
    dia = daqui(300)[:10]
    both = agenda(tmp_path, linha("imp-c1", quando=f"{dia} 09:00"), linha("imp-c2", quando=f"{dia} 10:00"))
    await confirma("importar", str(both), "--origem", "completa")
    one = agenda(tmp_path, linha("imp-c1", quando=f"{dia} 09:00"))
    done = await confirma("importar", str(one), "--origem", "completa", "--completo", dia)
    found = await confirma("atendimento", "listar", "--dia", dia, "--json")
    situacoes = {item["nr_seq_agenda"]: item["situacao_agenda"] for item in found.json["items"]}
    assert done.rc == 0
    assert "Cancelados por ausência" in done.out
    assert situacoes == {"imp-c1": "agendado", "imp-c2": "cancelado"}


@pytest.mark.parametrize(
    ("conteudo", "opcoes", "codigo"),
    [
        pytest.param(None, (), "arquivo_inexistente", id="no such file"),
        pytest.param("", (), "arquivo_vazio", id="empty"),
        pytest.param("<html><table></table></html>", (), "formato_pagina", id="a web page"),
        pytest.param("nome;telefone\nAna;31987654321\n", (), "colunas_faltando", id="columns missing"),
        pytest.param(CABECALHO, ("--origem", "Com Espaço"), "origem_invalida", id="strange origin"),
        pytest.param(CABECALHO, ("--mapa", "telefone"), "mapa_invalido", id="a map that maps nothing"),
        pytest.param(CABECALHO, ("--mapa", "Zap=celular_do_gato"), "mapa_invalido", id="a map to nowhere"),
        pytest.param(CABECALHO, ("--mapa", "nada.json"), "mapa_inacessivel", id="no such map"),
    ],
)
async def test_wrong_use_is_one_sentence(
    confirma: Confirma, tmp_path: Path, *, conteudo: str | None, opcoes: tuple[str, ...], codigo: str
) -> None:
    arquivo = tmp_path / "agenda.csv"
    if conteudo is not None:
        arquivo.write_text(conteudo, "utf-8")
    done = await confirma("importar", str(arquivo), *opcoes, "--json")
    assert done.rc == 2, done.err
    assert done.json["erro"]["codigo"] == codigo
    assert done.json["erro"]["mensagem"] in done.err
    assert "Traceback" not in done.err


async def test_nothing_goes_in_when_the_refused_rows_cannot_be_kept(confirma: Confirma, tmp_path: Path) -> None:
    arquivo = agenda(tmp_path, linha("imp-30"), linha("imp-31", quando="?"))
    (tmp_path / "agenda_rejeitados.csv").mkdir()
    done = await confirma("importar", str(arquivo), "--json")
    found = await confirma("atendimento", "buscar", "imp-30", "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "rejeitados_inacessivel")
    assert found.json["items"] == []
