"""Training the local model: weights from labelled replies, thresholds from replies it had not seen."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from scipy.stats import beta
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from app.domain.resposta.leitura import read_texto
from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import Intencao, Leitura, Texto
from app.interpreters.conciliacao import AGEM, FRACAS, contradicts, reconcile
from app.interpreters.local.atributos import BLOCOS, Blocos, blocks_of
from app.interpreters.local.exemplos import Exemplo
from app.interpreters.local.modelo import FORMATO, digest_of

DOBRAS: Final = 5
_SEMENTE: Final = 20261126
_C: Final = 20.0
_PARECIDAS: Final = 0.85
"""Cosine of letter runs above which two replies are one said twice, and stay in one fold."""
_MINIMO: Final = 0.5
_TETO: Final = 0.97
"""No single odd reply in cross-validation shuts an act off altogether; the report counts what this lets through."""
_MINIMOS: Final = {Intencao.URGENT: 0.35, Intencao.OPT_OUT: 0.4, Intencao.UNCLEAR: 0.0}
"""A missed emergency weighs as much as a wrong cancellation: these are said earlier than the others."""
_CONFIANCA: Final = 0.95


@dataclass(frozen=True, slots=True)
class Pronto:
    """An example made ready: its text read by the rules, its terms taken."""

    exemplo: Exemplo
    texto: Texto
    regra: Leitura
    blocos: Blocos


@dataclass(frozen=True, slots=True)
class Relatorio:
    """What cross-validation saw, on replies each model had not learnt from."""

    exemplos: int
    grupos: int
    temperatura: float
    limiares: Mapping[Intencao, float]
    atos: int
    """Confirmations and cancellations said, by rule or model."""
    errados: int
    teto: float
    """Upper bound of their share of errors, 95 % (Clopper-Pearson)."""


def prepare(exemplos: Sequence[Exemplo]) -> Sequence[Pronto]:
    """Read and take apart every example, once."""
    prontos = []
    for exemplo in exemplos:
        texto = normalize_resposta(exemplo.texto)
        prontos.append(Pronto(exemplo, texto, read_texto(texto), blocks_of(texto)))
    return prontos


def groups_of(prontos: Sequence[Pronto]) -> Any:
    """Return one number per example: near duplicates and replies of one source share it."""
    letras = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit_transform(
        [pronto.texto.corrido or "vazio" for pronto in prontos]
    )
    pares = (letras @ letras.T).tocoo()
    pai = list(range(len(prontos)))
    root = _finder(pai)
    for um, outro, cosseno in zip(pares.row, pares.col, pares.data, strict=True):
        if um < outro and cosseno > _PARECIDAS:
            pai[root(um)] = root(outro)
    primeira: dict[str, int] = {}
    for indice, pronto in enumerate(prontos):
        if fonte := pronto.exemplo.fonte:
            pai[root(indice)] = root(primeira.setdefault(fonte, indice))
    return np.array([root(indice) for indice in range(len(prontos))])


def _finder(pai: list[int]) -> Callable[[int], int]:
    def root(no: int) -> int:
        while pai[no] != no:
            pai[no] = pai[pai[no]]
            no = pai[no]
        return no

    return root


class Pesador:
    """Vectorizers and regression of one training, kept apart so that folds and the final model share the way."""

    def __init__(self) -> None:
        self._blocos = [
            TfidfVectorizer(analyzer=_block(indice), sublinear_tf=True, min_df=2) for indice in range(len(BLOCOS))
        ]
        self._regressao = LogisticRegression(C=_C, max_iter=400)

    def fit(self, prontos: Sequence[Pronto]) -> "Pesador":
        """Learn from the examples."""
        todos = [pronto.blocos for pronto in prontos]
        juntos = hstack([bloco.fit_transform(todos) for bloco in self._blocos], format="csr")
        self._regressao.fit(juntos, [pronto.exemplo.intencao.value for pronto in prontos])
        return self

    @property
    def intencoes(self) -> Sequence[Intencao]:
        """Return the intents, in the order of the scores."""
        return [Intencao(nome) for nome in self._regressao.classes_]

    def scores(self, prontos: Sequence[Pronto]) -> Any:
        """Return the raw scores, one row an example, one column an intent."""
        todos = [pronto.blocos for pronto in prontos]
        juntos: csr_matrix = hstack([bloco.transform(todos) for bloco in self._blocos], format="csr")
        return juntos @ self._regressao.coef_.T + self._regressao.intercept_

    def arrays(self) -> Mapping[str, Any]:
        """Return the weights as plain arrays: terms in one string, a row of weights each."""
        termos = [
            f"{nome[0]}{termo}"
            for nome, bloco in zip(BLOCOS, self._blocos, strict=True)
            for termo in bloco.get_feature_names_out()
        ]
        return {
            "termos": np.frombuffer("\n".join(termos).encode(), dtype=np.uint8),
            "pesos": self._regressao.coef_.T.astype(np.float16),
            "idf": np.concatenate([bloco.idf_ for bloco in self._blocos]).astype(np.float32),
            "vies": self._regressao.intercept_.astype(np.float32),
        }


def _block(indice: int) -> Callable[[Blocos], list[str]]:
    def analyze(blocos: Blocos) -> list[str]:
        return blocos[indice]

    return analyze


def cross_scores(prontos: Sequence[Pronto], grupos: Any, *, dobras: int = DOBRAS) -> tuple[Any, Sequence[Intencao]]:
    """Return each example's scores by a model that saw neither it nor its near duplicates."""
    rotulos = np.array([pronto.exemplo.intencao.value for pronto in prontos])
    corte = StratifiedGroupKFold(dobras, shuffle=True, random_state=_SEMENTE)
    notas: Any = None
    intencoes: Sequence[Intencao] = ()
    for treino, prova in corte.split(rotulos, rotulos, grupos):
        pesador = Pesador().fit([prontos[i] for i in treino])
        parte = pesador.scores([prontos[i] for i in prova])
        if notas is None:
            notas, intencoes = np.zeros((len(prontos), parte.shape[1])), pesador.intencoes
        notas[prova] = parte
    return notas, intencoes


def temperature_of(notas: Any, certas: Any) -> float:
    """Return what the scores must be divided by so that "90 %" is right nine times in ten."""

    def loss(temperatura: float) -> float:
        partes = shares_of(notas, temperatura)
        return float(-np.log(partes[np.arange(len(certas)), certas] + 1e-12).mean())

    return float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)


def shares_of(notas: Any, temperatura: float) -> Any:
    """Return scores as shares that add up to one, row by row."""
    relativas = (notas - notas.max(axis=1, keepdims=True)) / temperatura
    expoentes = np.exp(relativas)
    return expoentes / expoentes.sum(axis=1, keepdims=True)


def thresholds_of(prontos: Sequence[Pronto], partes: Any, intencoes: Sequence[Intencao]) -> Mapping[Intencao, float]:
    """Return how probable each intent must be: for an act, more than any wrong one seen."""
    melhores = partes.argmax(axis=1)
    limiares = {intencao: _MINIMOS.get(intencao, _MINIMO) for intencao in intencoes}
    for indice, pronto in enumerate(prontos):
        dita = intencoes[melhores[indice]]
        errada = dita in AGEM and dita is not pronto.exemplo.intencao
        if errada and _is_left_to_model(pronto.regra) and not contradicts(dita, pronto.texto):
            limiares[dita] = min(_TETO, max(limiares[dita], float(partes[indice].max()) + 0.002))
    return limiares


def _is_left_to_model(regra: Leitura) -> bool:
    return regra.regra in FRACAS


@dataclass(frozen=True, slots=True)
class Treinado:
    """A model ready to be written, and what is known of it."""

    conteudo: bytes
    relatorio: Relatorio


def train(exemplos: Sequence[Exemplo]) -> Treinado:
    """Train on the examples; the thresholds come from cross-validation. Same examples, same bytes."""
    prontos = prepare(exemplos)
    grupos = groups_of(prontos)
    notas, intencoes = cross_scores(prontos, grupos)
    indice = {intencao: coluna for coluna, intencao in enumerate(intencoes)}
    temperatura = temperature_of(notas, np.array([indice[pronto.exemplo.intencao] for pronto in prontos]))
    partes = shares_of(notas, temperatura)
    limiares = thresholds_of(prontos, partes, intencoes)
    lidas = [
        reconcile(pronto.regra, said(intencoes, linha), limiares, pronto.texto)
        for pronto, linha in zip(prontos, partes, strict=True)
    ]
    pares = [(lida, pronto) for lida, pronto in zip(lidas, prontos, strict=True) if lida.intencao in AGEM]
    errados = sum(lida.intencao is not pronto.exemplo.intencao for lida, pronto in pares)
    arrays = Pesador().fit(prontos).arrays()
    relatorio = Relatorio(
        len(prontos),
        len(set(grupos)),
        temperatura,
        limiares,
        len(pares),
        errados,
        upper_bound(errados, len(pares)),
    )
    return Treinado(_packed(arrays, intencoes, relatorio), relatorio)


def said(intencoes: Sequence[Intencao], linha: Any) -> Callable[[], Mapping[Intencao, float]]:
    """Return one row of shares as `reconcile` asks for it."""
    return lambda: dict(zip(intencoes, linha.tolist(), strict=True))


def upper_bound(erros: int, casos: int) -> float:
    """Return the share of errors that 95 % of samples like this one would stay under (Clopper-Pearson)."""
    return float(beta.ppf(_CONFIANCA, erros + 1, casos - erros)) if casos > erros else 1.0


def _packed(arrays: Mapping[str, Any], intencoes: Sequence[Intencao], relatorio: Relatorio) -> bytes:
    ficha = {
        "formato": FORMATO,
        "intencoes": [intencao.value for intencao in intencoes],
        "limiares": {intencao.value: round(valor, 4) for intencao, valor in relatorio.limiares.items()},
        "temperatura": round(relatorio.temperatura, 4),
        "exemplos": relatorio.exemplos,
        "versao": digest_of(arrays["termos"], arrays["pesos"], arrays["idf"], arrays["vies"]),
    }
    bruta = np.frombuffer(json.dumps(ficha, sort_keys=True).encode(), dtype=np.uint8)
    saida = io.BytesIO()
    np.savez_compressed(saida, ficha=bruta, **arrays)
    return saida.getvalue()
