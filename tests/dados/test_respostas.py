"""The reading of replies held against the labelled set, which stays outside this repository."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.domain.resposta import Intencao, Leitura, read_resposta

pytestmark = pytest.mark.dados

AGEM = {Intencao.CONFIRM, Intencao.CANCEL}
Par = tuple[dict[str, Any], Leitura]


@pytest.fixture(scope="module")
def lidas() -> list[Par]:
    pasta = os.environ.get("CONFIRMA_DADOS") or Path(__file__).parents[2].parent / "shared" / "data"
    linhas = (Path(pasta) / "replies_train.jsonl").read_text(encoding="utf-8").splitlines()
    return [(linha, read_resposta(linha["text"])) for linha in map(json.loads, linhas)]


def _share(pares: list[Par]) -> float:
    return len([linha for linha, leitura in pares if leitura.intencao == linha["label"]]) / len(pares)


def test_nobody_is_confirmed_or_cancelled_wrongly(lidas: list[Par]) -> None:
    erradas = [
        (linha["text"], linha["label"], leitura.intencao, leitura.regra)
        for linha, leitura in lidas
        if leitura.intencao in AGEM and leitura.intencao != linha["label"]
    ]
    assert erradas == []


def test_stock_answers_are_read(lidas: list[Par]) -> None:
    faceis = [par for par in lidas if par[0]["label"] in AGEM and {"trivial", "digit"} & set(par[0]["tags"])]
    assert _share(faceis) >= 0.95


def test_most_clear_answers_are_read(lidas: list[Par]) -> None:
    assert _share([par for par in lidas if par[0]["label"] in AGEM]) >= 0.85


@pytest.mark.parametrize("label", ["urgent", "opt_out", "wrong_number", "deceased"])
def test_alarms_are_seldom_missed(lidas: list[Par], label: str) -> None:
    assert _share([par for par in lidas if par[0]["label"] == label]) >= 0.93


def test_the_table_of_all_labels(lidas: list[Par], capsys: pytest.CaptureFixture[str]) -> None:
    total = Counter(linha["label"] for linha, _ in lidas)
    certas = Counter(linha["label"] for linha, leitura in lidas if leitura.intencao == linha["label"])
    ditas = Counter(leitura.intencao.value for _, leitura in lidas)
    with capsys.disabled():
        print(f"\n{'label':14}{'rows':>6}{'recall':>8}{'precision':>11}")  # noqa: T201
        for label, quantas in total.most_common():
            precisao = certas[label] / max(ditas[label], 1)
            print(f"{label:14}{quantas:>6}{certas[label] / quantas:>8.1%}{precisao:>11.1%}")  # noqa: T201
    assert set(total) == {intencao.value for intencao in Intencao}
