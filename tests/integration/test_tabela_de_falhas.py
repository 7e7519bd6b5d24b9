"""The page of faults says what the program does, and some things are true of every cell of it."""

from pathlib import Path

import pytest

from app.database import Database
from tests.bancadas.cena import Palco
from tests.bancadas.chamadas import CHAMADAS
from tests.bancadas.conduta import ACIDENTES
from tests.bancadas.pagina import KINDS, Fatos, draw, gather
from tests.conftest import NOW

ROOT = Path(__file__).resolve().parents[2]
_DONE = {"enviada", "entregue", "lida"}


@pytest.fixture(scope="module")
async def fatos(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Fatos:
    return await gather(Palco(database, NOW, tmp_path_factory.mktemp("falhas")))


def test_the_page_of_faults_is_current(fatos: Fatos) -> None:
    page = (ROOT / "docs" / "falhas.md").read_text(encoding="utf-8")
    assert page == draw(fatos), "run: python -m scripts.falhas > docs/falhas.md"


@pytest.mark.parametrize("kind", KINDS)
def test_no_patient_gets_it_twice(kind: str, fatos: Fatos) -> None:
    twice = [a.nome for a in ACIDENTES if (it := fatos.condutas[a.nome, kind]) is not None and it.chegou > 1]
    # "not taken" is a promise of SMTP: a server that breaks it has a mailbox know the repetition by its Message-ID
    assert twice == (["takes it, then answers 500"] if kind == "email" else [])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_uncertain_is_left_alone_and_counted(kind: str, fatos: Fatos) -> None:
    doubts = [it for a in ACIDENTES if (it := fatos.condutas[a.nome, kind]) is not None and it.estado == "incerta"]
    assert doubts
    assert all(it.conta and it.pela_reserva == 0 and it.espera is None for it in doubts)


@pytest.mark.parametrize("kind", KINDS)
def test_what_surely_did_not_leave_goes_by_the_reserve_or_leaves_later(kind: str, fatos: Fatos) -> None:
    untaken = [
        it
        for a in ACIDENTES
        if (it := fatos.condutas[a.nome, kind]) is not None and (it.estado == "agendada" or it.pela_reserva)
    ]
    assert untaken
    assert {it.depois in _DONE and it.chegou >= 1 for it in untaken} == {True}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_up_is_put_before_a_person(kind: str, fatos: Fatos) -> None:
    given_up = [it for a in ACIDENTES if (it := fatos.condutas[a.nome, kind]) is not None and it.depois == "falhou"]
    assert all(it.atencao and it.chegou == 0 for it in given_up)


@pytest.mark.parametrize("kind", KINDS)
def test_no_call_is_a_500_and_unknown_fields_change_nothing(kind: str, fatos: Fatos) -> None:
    seen = {c.nome: it for c in CHAMADAS if (it := fatos.chamadas[c.nome, kind]) is not None}
    assert {it.status for it in seen.values()} <= {200, 400, 401, 415, 422}
    assert [nome for nome, it in seen.items() if it.confirmou] in ([], ["an answer with unknown fields at every level"])
    assert kind == "email" or seen["an answer with unknown fields at every level"].confirmou
