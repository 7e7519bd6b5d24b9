"""Who should have been asked, or told, and never was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.simulator.oraculo.entrada import Registro, Respondida, Rotulo, Tentativa, is_celular
from app.simulator.oraculo.ficha import Achado, Ficha
from app.simulator.oraculo.linha import Linha

_SILENCIAM = frozenset({Rotulo.OPT_OUT, Rotulo.WRONG_NUMBER, Rotulo.DECEASED})


@dataclass(frozen=True, slots=True)
class Periodo:
    """The days that were simulated."""

    de: datetime
    ate: datetime


def find_perdidas(
    linha: Linha,
    respostas: Sequence[Respondida],
    tentativas: Sequence[Tentativa],
    *,
    periodo: Periodo,
    final: dict[str, Registro],
) -> Iterator[Achado]:
    """Yield the visits of one phone that were owed a message. A phone that cannot be asked owes nothing."""
    if not is_celular(linha.chave):
        return
    calado_em = min((r.em for r in respostas if r.rotulo in _SILENCIAM), default=periodo.ate)
    ate = min(periodo.ate, calado_em)
    for ficha in linha.fichas:
        if _is_excused(final.get(ficha.visita.nr), tentativas):
            continue
        for indice in range(len(ficha.visita.vidas)):
            codigo = _owed(linha, ficha, indice, de=periodo.de, ate=ate)
            if codigo:
                yield Achado("perdidas", codigo, ficha.visita.nr)


def _owed(linha: Linha, ficha: Ficha, indice: int, *, de: datetime, ate: datetime) -> str | None:
    if _is_question_owed(linha, ficha, indice, de=de, ate=ate):
        return "nunca_perguntada"
    return "mudanca_nao_avisada" if _is_notice_owed(linha, ficha, indice, ate=ate) else None


def _is_question_owed(linha: Linha, ficha: Ficha, indice: int, *, de: datetime, ate: datetime) -> bool:
    vida, regras = ficha.visita.vidas[indice], linha.regras
    if not vida.viva or not ficha.visita.has_hour(indice) or indice in ficha.vidas_perguntadas:
        return False
    desde = max(vida.de, de, vida.inicio - max(regras.passos))
    limite = min(vida.ate, ate, vida.inicio - regras.minimo_antes)
    return linha.usable(desde, limite, ficha.visita.zona) >= regras.folga_perdida


def _is_notice_owed(linha: Linha, ficha: Ficha, indice: int, *, ate: datetime) -> bool:
    """Tell whether the visit was asked about and then changed, and the patient never heard of it."""
    anterior = indice - 1
    vidas, regras = ficha.visita.vidas, linha.regras
    if anterior not in ficha.vidas_perguntadas or anterior in ficha.vidas_desistidas or not vidas[anterior].viva:
        return False
    vida = vidas[indice]
    if any(vida.de <= em <= vida.ate for em in ficha.avisos):
        return False
    limite = min(vida.ate, ate, vida.inicio, vidas[anterior].inicio)
    return linha.usable(vida.de, limite, ficha.visita.zona) >= regras.folga_perdida


def _is_excused(final: Registro | None, tentativas: Sequence[Tentativa]) -> bool:
    """Tell whether the program says it could not reach the phone, and the gateway's log bears it out."""
    if final is None:
        return False
    estados = {str(mensagem["estado"]) for mensagem in final.get("mensagens") or ()}
    recusado = any(tentativa.recusada for tentativa in tentativas)
    if recusado and (not final.get("contato_usavel", True) or "falhou" in estados):
        return True
    return "incerta" in estados and any(not tentativa.recusada for tentativa in tentativas)
