"""The fictitious schedule: plausible, the same for a seed, and nobody real."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from app.connectors.base import AtendimentoImportado
from app.domain.feriados import Feriados
from app.domain.telefone import Telefone, TipoTelefone, parse_telefone
from app.simulator.agenda_ficticia import UNIDADES, make_agenda

ZONA: Final = ZoneInfo("America/Sao_Paulo")
AGORA: Final = datetime(2026, 11, 24, 11, tzinfo=UTC)  # a Tuesday, 08:00


def agenda(quantos: int = 300, semente: int = 7) -> list[AtendimentoImportado]:
    return make_agenda(quantos, semente=semente, agora=AGORA, zona=ZONA, uf="MG")


@pytest.mark.parametrize("quantos", [1, 7, 300, 2_000])
def test_as_many_visits_as_asked_for(quantos: int) -> None:
    feita = agenda(quantos)
    assert len(feita) == quantos
    assert len({item.nr_seq_agenda for item in feita}) == quantos


def test_the_seed_decides_everything() -> None:
    assert agenda(semente=7) == agenda(semente=7)
    assert agenda(semente=7) != agenda(semente=8)


def test_visits_are_on_working_days_and_in_the_future() -> None:
    feriados = Feriados("MG")
    for item in agenda():
        local = item.data_consulta.astimezone(ZONA)
        assert feriados.is_dia_util(local.date())
        assert item.data_consulta - AGORA >= timedelta(hours=4)
        assert 7 <= local.hour < 18


def test_nobody_is_in_two_places_at_once() -> None:
    for key in ("nome_medico", "id_paciente"):
        of: dict[str, list[AtendimentoImportado]] = {}
        for item in agenda():
            of.setdefault(getattr(item, key), []).append(item)
        for items in of.values():
            items.sort(key=lambda item: item.data_consulta)
            for antes, depois in pairwise(items):
                assert antes.data_consulta + timedelta(minutes=antes.duracao_min or 0) <= depois.data_consulta


def test_phones_are_what_a_register_holds() -> None:
    lidos = [parse_telefone(item.telefone) for item in agenda()]
    tipos = Counter(lido.tipo if isinstance(lido, Telefone) else lido.motivo for lido in lidos)
    assert tipos[TipoTelefone.CELULAR] > 250
    assert tipos[TipoTelefone.FIXO] > 0
    assert sum(tipos.values()) - tipos[TipoTelefone.CELULAR] - tipos[TipoTelefone.FIXO] > 0


def test_it_has_what_a_demonstration_must_show() -> None:
    feita = agenda()
    dias = Counter((item.telefone, item.data_consulta.date()) for item in feita if item.telefone)
    assert max(dias.values()) >= 2
    irmaos = [item for item in feita if item.responsavel and dias[item.telefone, item.data_consulta.date()] > 1]
    assert len({item.nome_paciente for item in irmaos}) >= 2
    assert any(item.preparo and item.chegar_antes_min for item in feita)
    assert {item.unidade for item in feita} == {unidade["nome"] for unidade in UNIDADES}
