"""Whole days in virtual time through the real code: green as it is, red as soon as something is wrong."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import text

from app.connectors.csv_file import read_agenda
from app.domain.janela import week_hours
from app.domain.politica import Politica
from app.main import create_app
from app.simulator.simulacao import ZONA, Opcoes, Resultado, Roteiro, RoteiroInvalido, simulate, write_roteiro
from app.wiring import Programa

CABECALHO = "nr_seq_agenda;nome_paciente;telefone;nome_medico;especialidade;data_consulta;agendado_em;preparo"
DIAS = (10, 11, 12)  # a Tuesday to Thursday of March 2026: the asks fall on a weekend
NOMES = ("Ana", "Bruno", "Cecília", "Davi", "Elisa")
SOBRENOMES = ("Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Ferreira", "Gomes")
Defeito = Callable[[Programa], Awaitable[None]]


def _fone(contato: int) -> str:
    return f"27 3322-{1000 + contato}" if contato % 13 == 0 else f"(27) 9{90_000_000 + contato * 104_729 % 9_000_000}"


def _linhas(contatos: int) -> list[str]:
    """Return rows with all that makes a day hard: families, landlines, early hours, bookings of the same day."""
    linhas = []
    for contato in range(contatos):
        for visita in range(1 + (contato % 5 == 0) + (contato % 10 == 0)):
            numero = 7000 + contato * 10 + visita
            dia, hora = DIAS[(contato + visita // 2) % 3], 7 + (contato * 3 + visita) % 10
            minuto = contato * 10 % 60
            nome = f"{NOMES[(contato + visita) % 5]} {SOBRENOMES[contato % 7]}"
            agendado = f"{dia}/03/2026 {hora - 5:02d}:20" if contato % 7 == 3 else "20/02/2026 09:00"
            linhas.append(
                f"{numero};{nome};{_fone(contato)};Dra. Lia Prado;Cardiologia;"
                f"{dia}/03/2026 {hora:02d}:{minuto:02d};{agendado};{'Jejum de 8 horas.' if contato % 9 == 0 else ''}"
            )
    return linhas


def _roteiro(tmp_path: Path, *, contatos: int, semente: int = 7, ate: date | None = None) -> Roteiro:
    arquivo = tmp_path / "agenda.csv"
    arquivo.write_text("\n".join([CABECALHO, *_linhas(contatos)]), encoding="utf-8")
    with read_agenda(arquivo, nome=arquivo.name, zona=ZONA) as itens:
        return write_roteiro(itens, semente=semente, zona=ZONA, ate=ate)


async def _simulate(roteiro: Roteiro, *, falhas: bool = False, defeito: Defeito | None = None) -> Resultado:
    return await simulate(roteiro, Opcoes(semente=7, falhas=falhas), make_app=create_app, prepare=defeito)


def _sem_tempo(resultado: Resultado) -> dict[str, object]:
    return {chave: valor for chave, valor in resultado.as_dict().items() if chave != "segundos"}


async def test_three_days_are_green_and_the_same_seed_plays_them_again(tmp_path: Path) -> None:
    roteiro = _roteiro(tmp_path, contatos=44)
    primeiro = await _simulate(roteiro)
    assert primeiro.as_dict()["oraculo"]["exemplos"] == []
    assert primeiro.atendimentos == len(roteiro.visitas) > 55
    assert primeiro.mensagens["enviada"] > 60
    assert {"confirmado", "sem_resposta"} <= set(primeiro.status)
    assert _sem_tempo(await _simulate(_roteiro(tmp_path, contatos=44))) == _sem_tempo(primeiro)


async def test_a_bad_day_loses_and_doubles_nothing(tmp_path: Path) -> None:
    resultado = await _simulate(_roteiro(tmp_path, contatos=44), falhas=True)
    assert resultado.as_dict()["oraculo"]["exemplos"] == []
    assert resultado.mensagens["incerta"] > 0
    assert not {"na_fila", "em_envio"} & set(resultado.mensagens)


async def _another_zone(programa: Programa) -> None:
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(text("UPDATE unidades SET zona = 'America/Noronha'"))


async def _open_at_night(programa: Programa) -> None:
    politica = replace(Politica(), janela=week_hours(time(6), time(22)))
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(
            text("UPDATE tenants SET politica = CAST(:p AS jsonb)"), {"p": json.dumps(politica.to_mapping())}
        )


async def _no_channel(programa: Programa) -> None:
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(text("UPDATE canais SET ativo = false"))
    await programa.canais.refresh()


@pytest.mark.parametrize(
    ("defeito", "criterio"),
    [
        pytest.param(_another_zone, "irrelevantes", id="the unit's clock is an hour off"),
        pytest.param(_open_at_night, "fora_da_janela", id="the window is too wide"),
        pytest.param(_no_channel, "perdidas", id="nothing leaves"),
    ],
)
async def test_a_defect_turns_the_judge_red(tmp_path: Path, defeito: Defeito, criterio: str) -> None:
    resultado = await _simulate(_roteiro(tmp_path, contatos=10), defeito=defeito)
    assert not resultado.ok
    assert resultado.as_dict()["oraculo"][criterio] > 0


def test_a_month_is_not_simulated_by_accident(tmp_path: Path) -> None:
    linhas = [linha.replace("/03/2026", f"/0{mes}/2026") for mes in (3, 4) for linha in _linhas(6)]
    arquivo = tmp_path / "agenda.csv"
    arquivo.write_text("\n".join([CABECALHO, *(f"{n}{linha}" for n, linha in enumerate(linhas))]), encoding="utf-8")
    with pytest.raises(RoteiroInvalido, match="--de"), read_agenda(arquivo, nome="agenda.csv", zona=ZONA) as itens:
        write_roteiro(itens, semente=1, zona=ZONA)
