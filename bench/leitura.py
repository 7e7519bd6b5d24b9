"""How well replies are read: `python -m bench.leitura [--exame ARQUIVO]`.

Without a file: five-fold cross-validation on the labelled replies of the data folder, near duplicates and sources kept
in one fold; the model of each fold learns from the project's own examples of the other folds and never from a reply
taken from elsewhere. With `--exame`: rules and the model that ships, on replies neither was written for.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

from app.domain.resposta import Intencao, Leitura, read_resposta
from app.interpreters.conciliacao import AGEM, reconcile
from app.interpreters.leitor import Leitor
from app.interpreters.local.exemplos import Exemplo, load_exemplos, read_exemplos
from app.interpreters.local.modelo import default_model
from app.interpreters.local.treino import (
    DOBRAS,
    Pesador,
    groups_of,
    prepare,
    said,
    shares_of,
    upper_bound,
)
from bench.importacao import data_file
from bench.relato import keep, show

_ALARMES: Final = (Intencao.URGENT, Intencao.OPT_OUT)
_SEMENTE: Final = 7


@dataclass(frozen=True, slots=True)
class Placar:
    """What one way of reading made of replies whose meaning is known."""

    nome: str
    certas: Sequence[Intencao]
    lidas: Sequence[Leitura]

    def figures(self) -> dict[str, Any]:
        pares = list(zip(self.certas, self.lidas, strict=True))
        errados = [(certa, lida) for certa, lida in pares if lida.intencao in AGEM and lida.intencao is not certa]
        trocados = sum(certa in AGEM for certa, _ in errados)
        perdidos = Counter(certa for certa, lida in pares if certa in _ALARMES and lida.intencao is not certa)
        perigo = len(errados) + sum(perdidos.values())
        agindo = sum(lida.age for _, lida in errados)
        return {
            "respostas": len(pares),
            "macro_f1": f1_score(_names(self.certas), _names(lida.intencao for lida in self.lidas), average="macro"),
            "trocas_confirma_cancela": trocados,
            "atos_errados": len(errados),
            "atos_errados_sem_perguntar": agindo,
            "urgentes_perdidos": perdidos[Intencao.URGENT],
            "saidas_perdidas": perdidos[Intencao.OPT_OUT],
            "perigosos": perigo,
            "perigosos_pct": 100 * perigo / len(pares),
            "teto_pct": 100 * upper_bound(perigo, len(pares)),
        }

    def per_intent(self) -> Sequence[tuple[Any, ...]]:
        nomes = [intencao.value for intencao in Intencao]
        precisao, revocacao, _, quantas = precision_recall_fscore_support(
            _names(self.certas), _names(lida.intencao for lida in self.lidas), labels=nomes, zero_division=0
        )
        return [
            (nome, int(n), f"{100 * p:.1f}", f"{100 * r:.1f}")
            for nome, n, p, r in zip(nomes, quantas, precisao, revocacao, strict=True)
        ]

    def stages(self) -> Mapping[str, float]:
        vezes = Counter(lida.etapa for lida in self.lidas)
        return {etapa: 100 * quantas / len(self.lidas) for etapa, quantas in vezes.most_common()}


def _names(intencoes: Any) -> list[str]:
    return [intencao.value for intencao in intencoes]


def cross_validate(arquivo: Path) -> Sequence[Placar]:
    """Return the rules alone and rules with model, on the file's replies, each read by a model that never saw it."""
    linhas = [json.loads(linha) for linha in arquivo.read_text(encoding="utf-8").splitlines()]
    provas = [Exemplo(linha["text"], Intencao(linha["label"]), linha.get("source") or "") for linha in linhas]
    conhecidas = {prova.texto for prova in provas}
    proprios = [exemplo for exemplo in load_exemplos() if exemplo.texto not in conhecidas]
    ensina = [linha["origin"] == "authored" for linha in linhas] + [True] * len(proprios)
    prontos = prepare([*provas, *proprios])
    rotulos = _names(pronto.exemplo.intencao for pronto in prontos)
    limiares = default_model().ficha.limiares
    lidas: dict[int, Leitura] = {}
    corte = StratifiedGroupKFold(DOBRAS, shuffle=True, random_state=_SEMENTE)
    for treino, prova in corte.split(rotulos, rotulos, groups_of(prontos)):
        pesador = Pesador().fit([prontos[i] for i in treino if ensina[i]])
        alvo = [int(i) for i in prova if i < len(provas)]
        partes = shares_of(pesador.scores([prontos[i] for i in alvo]), default_model().ficha.temperatura)
        for i, linha in zip(alvo, partes, strict=True):
            lidas[i] = reconcile(prontos[i].regra, said(pesador.intencoes, linha), limiares, prontos[i].texto)
    certas = [prova.intencao for prova in provas]
    regras = [pronto.regra for pronto in prontos[: len(provas)]]
    return (
        Placar("só regras", certas, regras),
        Placar("regras e modelo", certas, [lidas[i] for i in range(len(provas))]),
    )


def examine(arquivo: Path) -> Sequence[Placar]:
    """Return the same two for a file nobody looked at while rules and model were made."""
    exemplos = read_exemplos(arquivo.read_text(encoding="utf-8").splitlines())
    certas = [exemplo.intencao for exemplo in exemplos]
    leitor = Leitor(default_model())
    return (
        Placar("só regras", certas, [read_resposta(exemplo.texto) for exemplo in exemplos]),
        Placar("regras e modelo", certas, [leitor.read(exemplo.texto) for exemplo in exemplos]),
    )


def speed(read: Callable[[str], Leitura], textos: Sequence[str], rodadas: int = 5) -> float:
    """Return replies a second on one core, the median of some rounds over all texts."""
    medidas = []
    for _ in range(rodadas):
        began = time.perf_counter()
        for texto in textos:
            read(texto)
        medidas.append(len(textos) / (time.perf_counter() - began))
    return sorted(medidas)[rodadas // 2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.leitura", description=__doc__)
    parser.add_argument("--exame", type=Path, help="a JSONL file of labelled replies nobody learnt from")
    exame = parser.parse_args().exame
    arquivo = data_file().parents[1] / "replies_train.jsonl"
    if exame is None and not arquivo.is_file():
        raise SystemExit(f"Falta {arquivo.name}: aponte CONFIRMA_DADOS para a pasta dos dados.")
    placares = examine(exame) if exame else cross_validate(arquivo)
    report(placares)
    textos = [exemplo.texto for exemplo in load_exemplos()]
    rates = {"só regras": speed(read_resposta, textos), "regras e modelo": speed(Leitor(default_model()).read, textos)}
    show(
        "Respostas por segundo, um núcleo (alvo: 2.000)",
        ("leitura", "por s"),
        [(k, f"{v:,.0f}") for k, v in rates.items()],
    )
    keep("exame" if exame else "leitura", placares={p.nome: p.figures() for p in placares}, por_s=rates)


def report(placares: Sequence[Placar]) -> None:
    figures = [placar.figures() for placar in placares]
    show(
        "Leitura das respostas (alvo: perigosos < 0,5 %, nenhuma troca, macro-F1 ≥ 0,85)",
        ("medida", *(placar.nome for placar in placares)),
        [(nome, *(_shown(parte[nome]) for parte in figures)) for nome in figures[0]],
    )
    for placar in placares:
        show(placar.nome, ("intenção", "respostas", "precisão %", "revocação %"), placar.per_intent())
        show(
            "etapas", ("etapa", "% das respostas"), [(nome, f"{parte:.1f}") for nome, parte in placar.stages().items()]
        )


def _shown(valor: float) -> str:
    return str(valor) if isinstance(valor, int) else f"{valor:.3f}"


if __name__ == "__main__":
    main()
