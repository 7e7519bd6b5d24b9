"""A real day of Vitória, reduced to some hundreds of contacts, from the file to the verdict."""

import os
from datetime import date
from pathlib import Path

import pytest

from app.connectors.csv_file import read_agenda
from app.main import create_app
from app.simulator.simulacao import ZONA, Opcoes, simulate, write_roteiro

DADOS = Path(os.environ.get("CONFIRMA_DADOS") or Path(__file__).parents[3] / "shared" / "data")
ARQUIVO = DADOS / "agenda_vitoria" / "agenda_2016_ate_05-31.csv.gz"
DIA = date(2016, 5, 12)
VISITAS = 400


@pytest.mark.dados
async def test_a_real_day_loses_and_doubles_nothing() -> None:
    with read_agenda(ARQUIVO, nome=ARQUIVO.name, zona=ZONA) as itens:
        roteiro = write_roteiro(itens, semente=1, zona=ZONA, de=DIA, ate=DIA, limite=VISITAS)
    resultado = await simulate(roteiro, Opcoes(semente=1), make_app=create_app)
    assert resultado.as_dict()["oraculo"]["exemplos"] == []
    assert resultado.atendimentos >= VISITAS
    assert resultado.mensagens["enviada"] > VISITAS
