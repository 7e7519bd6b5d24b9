"""What a hospital lets the program answer, and which entry a question asks for; never anything clinical."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import any_of, words

_RAIZ: Final = 5
"""Words are compared by their beginnings: "documento" is "documentos", "estacionar" is "estacionamento"."""
_BASTA: Final = 0.5
_VANTAGEM: Final = 0.15
"""How much better than every other entry the best must be: two that fit are a person's to tell apart."""
_LONGA: Final = 25  # who writes more tells a story, and a story is read by a person
_VAZIAS: Final = words(
    """
    a o as os um uma uns umas de da do das dos e ou em no na nos nas para por pelo pela com que eh ser sou eu me mim
    meu minha meus minhas seu sua ele ela voce voces ai aqui la isso esse essa este esta favor oi ola bom boa dia
    tarde noite obrigado obrigada queria quero gostaria saber poderia pode posso podem dizer informar moca senhora
    consulta consultas exame atendimento hospital clinica santa casa ja so ta tah entao mas sim nao vou ir
    qual quais quanto quanta quantos quantas tempo hora horas devo deve quando algum alguma faco fazer cada dar
    emojineutro emojisim . ? #hora #data #outro sao tem ter tenho preciso precisa necessario
"""
)
# What only a nurse or a doctor may answer, whatever else the question holds.
_CLINICO: Final = any_of(
    r"\b(?:remedios?|medica(?:mento|cao|coes)\w*|comprimidos?|insulina|dose|anti\w{4,}|anestesia"
    r"|sedacao|vacina\w*|receita|tratamento|cirurgia|operar|curativo|pontos)\b",
    r"\b(?:sintomas?|dor|dores|doi|febre|grip\w+|tosse|covid|dengue|virose|vomit\w+|diarreia|sangr\w+|menstru\w+"
    r"|gravida|gestante|amament\w+|alergi\w+|diabet\w+|pressao|convuls\w+|tontura|doen[tc]\w*|infeccao|marcapasso)\b",
    r"\b(?:resultados?|laudos?|diagnostico|grave|perigoso|faz mal|risco|normal)\b",
    r"\b(?:tomar|tomo|suspend\w+|parar de|interromp\w+)\b",
)


@dataclass(frozen=True, slots=True)
class Entrada:
    """One thing the hospital tells: its words, and questions that must find it."""

    chave: str
    texto: str
    perguntas: tuple[str, ...]


PADRAO: Final[Mapping[str, tuple[str, ...]]] = {
    "endereco": (
        "qual o endereço?",
        "onde fica?",
        "onde é a consulta?",
        "em que rua fica?",
        "me manda a localização",
        "como faço para chegar aí?",
        "como chego aí?",
        "fica em que bairro?",
        "qual ônibus passa perto?",
        "endereço por favor",
        "é perto de onde?",
    ),
    "chegada": (
        "preciso chegar antes?",
        "que horas devo chegar?",
        "quanto tempo antes tenho que chegar?",
        "tem que chegar mais cedo?",
        "chego com quanto tempo de antecedência?",
        "posso chegar em cima da hora?",
        "precisa chegar quantos minutos antes?",
    ),
    "documentos": (
        "quais documentos preciso levar?",
        "que documento levo?",
        "precisa de identidade?",
        "precisa levar o cartão do SUS?",
        "tem que levar RG e CPF?",
        "precisa da carteirinha do convênio?",
        "preciso levar o encaminhamento?",
        "levo o pedido do médico?",
        "serve a carteira de motorista?",
    ),
    "preparo": (
        "precisa de jejum?",
        "tem que ir em jejum?",
        "quantas horas de jejum?",
        "qual é o preparo?",
        "tem algum preparo?",
        "como me preparo para o exame?",
        "pode comer antes?",
        "pode beber água antes?",
    ),
    "estacionamento": (
        "tem estacionamento?",
        "onde posso estacionar?",
        "tem lugar para parar o carro?",
        "o estacionamento é pago?",
        "tem vaga para carro?",
        "dá para ir de carro e estacionar?",
    ),
    "levar": (
        "o que preciso levar?",
        "o que levo no dia?",
        "preciso levar alguma coisa?",
        "levo os exames antigos?",
        "preciso levar exames anteriores?",
        "tem que levar roupa?",
        "o que devo trazer?",
    ),
}
"""Topics every hospital is asked about, with questions as people write them; the words are the hospital's own."""


@dataclass(frozen=True)
class Conhecimento:
    """All entries of a hospital, ready to be asked."""

    entradas: tuple[Entrada, ...]

    @cached_property
    def _vozes(self) -> Mapping[str, Mapping[str, float]]:
        """Return, by beginning of a word, how much it speaks for each entry; all that is said of one adds up to 1."""
        ditas: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for entrada in self.entradas:
            for pergunta in entrada.perguntas:
                for raiz in _roots(pergunta):
                    ditas[raiz][entrada.chave] += 1 / len(entrada.perguntas)
        return {raiz: _shares(vozes) for raiz, vozes in ditas.items()}

    def find(self, texto: str) -> Entrada | None:
        """Return the entry a question asks for, or None: a person answers what is not surely one of them."""
        raizes = _roots(texto)
        if not raizes or len(raizes) > _LONGA or is_clinico(texto):
            return None
        notas = sorted((self._score(raizes, entrada), entrada.chave, entrada) for entrada in self.entradas)
        if not notas or notas[-1][0] < _BASTA or (len(notas) > 1 and notas[-1][0] - notas[-2][0] < _VANTAGEM):
            return None
        return notas[-1][2]

    def missed(self) -> Mapping[str, Sequence[str]]:
        """Return, by entry, those of its typical questions that find another entry, or none."""
        falhas: defaultdict[str, list[str]] = defaultdict(list)
        for entrada in self.entradas:
            for pergunta in entrada.perguntas:
                if self.find(pergunta) is not entrada:
                    falhas[entrada.chave].append(pergunta)
        return falhas

    def _score(self, raizes: frozenset[str], entrada: Entrada) -> float:
        """Return how far the words speak for an entry, from 0 to 1; a word nobody wrote here speaks for none."""
        if any(raizes == _roots(pergunta) for pergunta in entrada.perguntas):
            return 1.0
        pesos = {raiz: _weight(self._vozes.get(raiz, {})) for raiz in raizes}
        ditas = sum(pesos[raiz] * self._vozes.get(raiz, {}).get(entrada.chave, 0.0) for raiz in raizes)
        return ditas / sum(pesos.values())


def _shares(vozes: Mapping[str, float]) -> Mapping[str, float]:
    todas = sum(vozes.values())
    return {chave: voz / todas for chave, voz in vozes.items()}


def _weight(vozes: Mapping[str, float]) -> float:
    """Return how much a word tells: most where one entry alone uses it, or where none knows it."""
    return max(vozes.values(), default=1.0) ** 2


def is_clinico(texto: str) -> bool:
    """Tell whether a question is about health itself: never answered by the program."""
    return _CLINICO.search(normalize_resposta(texto).corrido) is not None


def _roots(texto: str) -> frozenset[str]:
    return frozenset(
        palavra.texto[:_RAIZ] for palavra in normalize_resposta(texto).palavras if palavra.texto not in _VAZIAS
    )
