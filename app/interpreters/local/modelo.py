"""The trained model as data: one table of weights, read without running anything it holds."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self
from zipfile import BadZipFile

import numpy as np

from app.domain.resposta.tipos import Intencao, Opiniao, Texto
from app.interpreters.local.atributos import BLOCOS, Blocos, blocks_of

FORMATO: Final = 1
MAX_TERMOS: Final = 400_000
MAX_BYTES: Final = 32 * 1024 * 1024
PADRAO: Final = Path(__file__).parent / "dados" / "modelo.npz"
# One and the logarithm of how often a term stands there; a reply is too short for more than a thousand.
_DAMPED: Final = 1.0 + np.log(np.maximum(np.arange(1_024, dtype=np.float32), 1.0))


class ModeloInvalido(ValueError):  # noqa: N818  named for what happened
    """The file is not a model of this program: wrong shape, wrong version, or changed after it was written."""


@dataclass(frozen=True, slots=True)
class Ficha:
    """What is known of a model: how it was made and how sure it must be."""

    intencoes: tuple[Intencao, ...]
    limiares: Mapping[Intencao, float]
    """How probable an intent must be before the model says it."""
    temperatura: float
    exemplos: int
    versao: str
    """Digest of the weights, twelve digits."""


class ModeloLocal:
    """A multinomial logistic regression over the blocks of `atributos`; from 0 to 1 for each intent."""

    def __init__(self, ficha: Ficha, termos: Sequence[str], *, pesos: Any, idf: Any, vies: Any) -> None:
        self.ficha = ficha
        linhas = list(enumerate(termos))
        self._vocabularios = [{termo[1:]: linha for linha, termo in linhas if termo[0] == nome[0]} for nome in BLOCOS]
        self._pesos = pesos
        self._idf = idf
        self._vies = vies

    def probabilities(self, texto: Texto) -> Mapping[Intencao, float]:
        """Return how probable each intent is; they add up to one."""
        return self.weigh(blocks_of(texto))

    def weigh(self, blocos: Blocos) -> Mapping[Intencao, float]:
        """Return the same for terms already taken."""
        soma = self._vies.copy()
        for vocabulario, termos in zip(self._vocabularios, blocos, strict=True):
            soma += self._block(vocabulario, termos)
        soma = (soma - soma.max()) / self.ficha.temperatura
        expoentes = np.exp(soma)
        partes = expoentes / expoentes.sum()
        return dict(zip(self.ficha.intencoes, partes.tolist(), strict=True))

    def _block(self, vocabulario: Mapping[str, int], termos: list[str]) -> Any:
        vezes = Counter(map(vocabulario.get, termos))
        vezes.pop(None, None)
        if not vezes:
            return 0.0
        linhas = np.array(list(vezes), dtype=np.intp)
        valores = _DAMPED[np.array(list(vezes.values()), dtype=np.intp)] * self._idf[linhas]
        valores /= np.sqrt(np.dot(valores, valores))
        return valores @ self._pesos[linhas]

    def opine(self, texto: Texto) -> Opiniao:
        """Return what the model takes the reply to mean; `unclear` where nothing reaches its threshold."""
        partes = self.probabilities(texto)
        melhor = max(partes, key=partes.__getitem__)
        firme = partes[melhor] >= self.ficha.limiares[melhor]
        return Opiniao(melhor if firme else Intencao.UNCLEAR, partes[melhor], f"local:{self.ficha.versao}")

    @classmethod
    def load(cls, arquivo: Path) -> Self:
        """Read a model from a file.

        Raises:
            ModeloInvalido: it is not one, or not whole. Nothing in the file is ever run.
        """
        try:
            _check_size(arquivo)
            with arquivo.open("rb") as aberto, np.load(aberto, allow_pickle=False) as dados:
                return cls._of({nome: dados[nome] for nome in ("ficha", "termos", "pesos", "idf", "vies")})
        except ModeloInvalido:
            raise
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ModeloInvalido("o arquivo não é um modelo de leitura") from error

    @classmethod
    def _of(cls, dados: Mapping[str, Any]) -> Self:
        ficha = json.loads(dados["ficha"].tobytes().decode())
        termos = dados["termos"].tobytes().decode().split("\n")
        intencoes = tuple(Intencao(nome) for nome in ficha["intencoes"])
        _check_shape(ficha, termos, dados, len(intencoes))
        limiares = {Intencao(nome): float(valor) for nome, valor in ficha["limiares"].items()}
        versao = digest_of(dados["termos"], dados["pesos"], dados["idf"], dados["vies"])
        if versao != ficha["versao"] or set(limiares) != set(intencoes):
            raise ModeloInvalido("o modelo foi alterado depois de gravado")
        return cls(
            Ficha(intencoes, limiares, float(ficha["temperatura"]), int(ficha["exemplos"]), versao),
            termos,
            pesos=dados["pesos"].astype(np.float32),
            idf=dados["idf"].astype(np.float32),
            vies=dados["vies"].astype(np.float32),
        )


def _check_size(arquivo: Path) -> None:
    if arquivo.stat().st_size > MAX_BYTES:
        raise ModeloInvalido("o modelo é grande demais")


def _check_shape(ficha: Mapping[str, Any], termos: list[str], dados: Mapping[str, Any], classes: int) -> None:
    formas = dados["pesos"].shape == (len(termos), classes) and dados["idf"].shape == (len(termos),)
    numeros = all(np.isfinite(dados[nome].astype(np.float32)).all() for nome in ("pesos", "idf", "vies"))
    if ficha.get("formato") != FORMATO or len(termos) > MAX_TERMOS or not formas or not numeros:
        raise ModeloInvalido("o modelo não tem a forma esperada")
    if dados["vies"].shape != (classes,) or float(ficha["temperatura"]) <= 0:
        raise ModeloInvalido("o modelo não tem a forma esperada")


def digest_of(*partes: Any) -> str:
    """Return what tells one set of weights from another."""
    soma = hashlib.sha256()
    for parte in partes:
        soma.update(parte.tobytes())
    return soma.hexdigest()[:12]


@cache
def default_model() -> ModeloLocal:
    """Return the model that comes with the program, read once a process."""
    return ModeloLocal.load(PADRAO)
