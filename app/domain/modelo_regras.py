"""What a hospital's own text must say before it may stand for one of our templates."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.domain.agrupamento import letter
from app.domain.entendimento import PERGUNTAM
from app.domain.modelo import (
    ESCRITO,
    EXEMPLO,
    TEXTO_MAXIMO,
    Modelo,
    ModeloInvalido,
    check_modelo,
    example_contexto,
    render_whole,
)
from app.domain.modelo_aprovado import AVISAM
from app.domain.saida import PERGUNTAS

COM_BOTOES_MAXIMO: Final = 1024  # WhatsApp's limit for a text with reply buttons
MUITAS: Final = 10  # as many visits as one patient had on one day of a real schedule
# What these ask is answered by 1 and 0, or by the letters of several visits.
_POR_NUMERO: Final = PERGUNTAS | {
    "nao_entendi",
    "pergunta_repetida",
    "duvida",
    "midia",
    "informacao_pergunta",
    *PERGUNTAM.values(),
}
_POR_LETRA: Final = _POR_NUMERO | {"qual_consulta"}
# What these are for is to carry other words than their own.
_DO_ESCRITO: Final = frozenset({"pessoa", "informacao", "informacao_pergunta", "preferencia"})
_CONTROLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PROMOCAO: Final = re.compile(
    r"\b(promo\w*|descontos?|ofertas?|gr[aá]tis|imperd[ií]vel|aproveite|compre|cup(?:om|ons)|sorteios?|brindes?)\b",
    re.IGNORECASE,
)

# Letters, names and times that no text brings by itself: found in what was rendered, they were told.
_UMA: Final[Mapping[str, Any]] = {**EXEMPLO, "letra": "Q", "nome": "Maria", "quando": "amanhã, 03/03, às 10:07"}
_OUTRA: Final[Mapping[str, Any]] = {**EXEMPLO, "letra": "W", "nome": "José", "quando": "amanhã, 03/03, às 11:53"}
_REGULADA: Final[Mapping[str, Any]] = {**_UMA, "regulada": True}


def tidy_corpo(corpo: str) -> str:
    """Return a text as it is kept: one kind of line end, nothing around it."""
    return corpo.replace("\r\n", "\n").replace("\r", "\n").strip()


def review_modelo(nome: str, corpo: str, *, reguladas: bool = False) -> tuple[str, ...]:
    """Return what is worth a second look; raise ModeloInvalido where the text cannot stand for `nome`.

    `reguladas`: the hospital has slots that do not come back, and a question says
    so before a "0" is accepted.
    """
    if not corpo:
        raise ModeloInvalido("O modelo está vazio.")
    if _CONTROLE.search(corpo):
        raise ModeloInvalido("O modelo tem caracteres de controle.")
    check_modelo(corpo)
    uma, duas, muitas = _say(corpo, _UMA), _say(corpo, _UMA, _OUTRA), _say(corpo, *_many())
    _check_length(uma, muitas)
    if _UMA["quando"] in duas and _OUTRA["quando"] not in duas:
        raise ModeloInvalido("O modelo fala só do primeiro de vários atendimentos: use {% for v in visitas %}.")
    if nome in _DO_ESCRITO and ESCRITO not in uma:
        raise ModeloInvalido("O modelo precisa dizer o que foi escrito: use {{ escrito }}.")
    if nome in _POR_NUMERO:
        _check_numbers(uma, duas)
    if nome in _POR_LETRA:
        _check_letters(duas)
    if reguladas and nome in AVISAM and _say(corpo, _REGULADA) == uma:
        raise ModeloInvalido(
            "Há especialidades cuja vaga não volta se for desmarcada: o modelo precisa avisar, com "
            "{% if visita.regulada %} … {% endif %}."
        )
    return tuple(_second_looks(nome, uma))


def _check_length(uma: str, muitas: str) -> None:
    for texto, dito in ((uma, "com um atendimento"), (muitas, f"com {MUITAS} atendimentos")):
        if len(texto) > TEXTO_MAXIMO:
            raise ModeloInvalido(
                f"O texto {dito} fica com {len(texto)} caracteres; o WhatsApp aceita até {TEXTO_MAXIMO}."
            )


def _check_numbers(uma: str, duas: str) -> None:
    """Every question can be answered, and says about what."""
    if _UMA["quando"] not in uma:
        raise ModeloInvalido("O modelo pergunta sem dizer quando é o atendimento: use {{ visita.quando }}.")
    for texto, dito in ((uma, "um atendimento"), (duas, "vários atendimentos")):
        if not all(_tells(texto, digito) for digito in "10"):
            raise ModeloInvalido(
                f"Com {dito}, o modelo pergunta sem dizer como responder: explique o 1 (vem) e o 0 (não vem)."
            )


def _check_letters(duas: str) -> None:
    """Whoever reads of one visit only would give up, by a "0", what they never read of."""
    if not all(_tells(duas, visita[fato]) for visita in (_UMA, _OUTRA) for fato in ("letra", "nome", "quando")):
        raise ModeloInvalido(
            "Com vários atendimentos, o modelo precisa dizer de cada um a letra, o nome e o horário: "
            "{% for v in visitas %}{{ v.letra }}) {{ v.nome }}: {{ v.quando }}{% endfor %}."
        )


def _second_looks(nome: str, uma: str) -> Iterator[str]:
    if nome in PERGUNTAS and len(uma) > COM_BOTOES_MAXIMO:
        yield f"Acima de {COM_BOTOES_MAXIMO} caracteres a pergunta vai sem botões; este exemplo tem {len(uma)}."
    promocao = _PROMOCAO.search(uma)
    if promocao:
        yield f"“{promocao[0]}” parece propaganda: um aviso de atendimento não deve ter."


def _say(corpo: str, *visitas: Mapping[str, Any]) -> str:
    return render_whole(Modelo("novo", 0, corpo), example_contexto(visitas))


def _many() -> list[Mapping[str, Any]]:
    return [{**EXEMPLO, "letra": letter(posicao)} for posicao in range(MUITAS)]


def _tells(texto: str, dito: str) -> bool:
    """Tell whether `dito` stands in the text by itself: a 1 that is no part of a date, a time or a number."""
    return re.search(rf"(?<!\w)(?<!\d[/:.,]){re.escape(dito)}(?!\w|[/:.,]\d)", texto) is not None
