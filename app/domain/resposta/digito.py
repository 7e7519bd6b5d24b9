"""The options themselves: 1 or 0 in the ways people type them, alone or with thanks."""

import re
from collections.abc import Mapping
from typing import Final

from app.domain.resposta.tipos import Intencao, Leitura, Texto

_CORTESIA: Final = (
    r"(?: |\.|emojineutro|oi|ola|bom dia|boa tarde|boa noite|por favor|pfv|obrigad[oa]|obg|obgd"
    r"|grat[oa]|valeu|vlw|amem|moca|senhora?)*"
)
_ROTULO: Final = (
    r"(?:(?:a|o|eh|minha|na|no|resposta|respondo|resp|digitei|digito|apertei|aperto|marquei|escolho|opcao|op|opc"
    r"|numero|num|alternativa"
    r"|letra|tecla|teclei|com|quero|emojisim) )*"
)
_OPCAO: Final[Mapping[Intencao, re.Pattern[str]]] = {
    intencao: re.compile(
        rf"^{_CORTESIA}{_ROTULO}(?:{formas})(?:[ .]+(?:{formas}))*(?: para (?:{acao}))?(?:$| {_CORTESIA}$)"
    )
    for intencao, formas, acao in (
        (Intencao.CONFIRM, "1|01|um", "confirmar"),
        (Intencao.CANCEL, "0|00|zero", "cancelar"),
    )
}
_REGRAS: Final = {Intencao.CONFIRM: "opcao_1", Intencao.CANCEL: "opcao_0"}
# "um bom dia", "um obrigado": the article of a greeting, not the option
_ARTIGO: Final = re.compile(r"\b(?:um|zero) (?!\.|por favor|pfv|emoji)\w")


def digito(texto: Texto) -> Leitura | None:
    """Read an option that stands alone; one inside a sentence is the grammar's business."""
    if texto.cortado or _ARTIGO.search(texto.corrido):
        return None
    for intencao, padrao in _OPCAO.items():
        if padrao.match(texto.corrido):
            return Leitura(intencao, None, 1.0, texto.trecho, "digito", _REGRAS[intencao])
    return None
