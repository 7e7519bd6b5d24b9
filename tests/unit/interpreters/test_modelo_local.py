"""The model as a file: data only, whole or refused; trained the same way twice."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.resposta import Intencao
from app.domain.resposta.normalizacao import normalize_resposta
from app.interpreters.local.exemplos import Exemplo, ExemploInvalido, load_exemplos, read_exemplos
from app.interpreters.local.modelo import PADRAO, ModeloInvalido, ModeloLocal
from app.interpreters.local.treino import groups_of, prepare, train, upper_bound


def changed(**novas: Any) -> bytes:
    with np.load(PADRAO, allow_pickle=False) as dados:
        partes = {nome: dados[nome] for nome in dados.files}
    saida = io.BytesIO()
    np.savez_compressed(saida, **partes | novas)
    return saida.getvalue()


def weights() -> Any:
    with np.load(PADRAO, allow_pickle=False) as dados:
        return dados["pesos"]


class Danger:
    def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
        return (Path.touch, (Path("never"),))


@pytest.mark.parametrize(
    "conteudo",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04 not a zip", id="half a zip"),
        pytest.param(pickle.dumps({"pesos": 1}), id="a pickle"),
        pytest.param(changed(vies=np.zeros(3, dtype=np.float32)), id="another shape"),
        pytest.param(changed(pesos=weights() * np.float16(2)), id="weights changed after it was written"),
        pytest.param(changed(pesos=weights() * np.float16(np.nan)), id="no numbers"),
        pytest.param(changed(ficha=np.frombuffer(b"{}", dtype=np.uint8)), id="an empty card"),
        pytest.param(changed(vies=np.array([Danger()], dtype=object)), id="an object inside"),
    ],
)
def test_a_file_that_is_not_this_model_is_refused(tmp_path: Path, conteudo: bytes) -> None:
    arquivo = tmp_path / "modelo.npz"
    arquivo.write_bytes(conteudo)
    with pytest.raises(ModeloInvalido):
        ModeloLocal.load(arquivo)
    assert not Path("never").exists()


def test_the_model_that_ships_learnt_from_what_ships() -> None:
    assert ModeloLocal.load(PADRAO).ficha.exemplos == len(load_exemplos())


def test_its_shares_add_up_to_one_and_never_fail() -> None:
    modelo = ModeloLocal.load(PADRAO)
    for texto in ("vou sim", "", "😀" * 3_000, "ж" * 10_000):
        assert sum(modelo.probabilities(normalize_resposta(texto)).values()) == pytest.approx(1.0, abs=1e-5)


def test_the_same_examples_make_the_same_model(tmp_path: Path) -> None:
    poucos = list(load_exemplos())[::8]
    primeiro, segundo = train(poucos), train(poucos)
    assert primeiro.conteudo == segundo.conteudo
    (tmp_path / "m.npz").write_bytes(primeiro.conteudo)
    modelo = ModeloLocal.load(tmp_path / "m.npz")
    assert modelo.opine(normalize_resposta("quero remarcar para outro dia")).intencao is Intencao.RESCHEDULE


def test_what_is_said_twice_stays_in_one_fold() -> None:
    prontos = prepare(
        [
            Exemplo("quero remarcar a consulta", Intencao.RESCHEDULE),
            Exemplo("quero remarcar a consultaa", Intencao.RESCHEDULE),
            Exemplo("qual o endereço?", Intencao.QUESTION, fonte="posto"),
            Exemplo("bom dia", Intencao.GREETING, fonte="posto"),
        ]
    )
    um, outro, terceiro, quarto = groups_of(prontos)
    assert um == outro
    assert terceiro == quarto != um


def test_the_upper_bound_is_the_rule_of_three_where_nothing_went_wrong() -> None:
    assert upper_bound(0, 1_000) == pytest.approx(0.003, rel=0.01)
    assert upper_bound(1, 1_000) > upper_bound(0, 1_000)


@pytest.mark.parametrize("linha", ["[]", "{}", json.dumps({"text": "oi", "label": "talvez"}), "nada"])
def test_a_line_that_is_no_example_is_named(linha: str) -> None:
    with pytest.raises(ExemploInvalido, match="linha 2"):
        read_exemplos([json.dumps({"text": "oi", "label": "greeting"}), linha])
