"""What follows from a patient's words, given what they are about: the one place where an answer becomes an act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.alvo import Alvo, Pergunta, TipoAlvo, VisitaPerguntada
from app.domain.confirmacao import Decisao, Efeito, Fato, StatusConfirmacao, decide
from app.domain.entendimento import PERGUNTAM
from app.domain.resposta.tipos import Intencao, Leitura


class Desfecho(StrEnum):
    """What the caller of the webhook is told."""

    CONFIRMADO = "CONFIRMADO"
    CANCELADO = "CANCELADO"
    REAGENDAR = "REAGENDAR"
    JA_RESPONDIDO = "JA_RESPONDIDO"
    PERGUNTA_REPETIDA = "PERGUNTA_REPETIDA"
    ENCAMINHADO = "ENCAMINHADO"
    NAO_ENTENDIDO = "NAO_ENTENDIDO"
    SEM_ATENDIMENTO = "SEM_ATENDIMENTO"
    CONSULTA_PASSADA = "CONSULTA_PASSADA"
    QUAL_CONSULTA = "QUAL_CONSULTA"

    @property
    def success(self) -> bool:
        """Whether the answer found its place, be it a person's desk."""
        return self in _SUCCESS


_SUCCESS: Final = frozenset(
    {
        Desfecho.CONFIRMADO,
        Desfecho.CANCELADO,
        Desfecho.REAGENDAR,
        Desfecho.JA_RESPONDIDO,
        Desfecho.PERGUNTA_REPETIDA,
        Desfecho.ENCAMINHADO,
    }
)


class Parada(StrEnum):
    """What must stop at once, on every channel."""

    CONTATO = "contato"  # nothing more to this phone
    PACIENTE_NO_CONTATO = "paciente_no_contato"  # nothing more about this patient to this phone
    PACIENTE = "paciente"  # nothing more about this patient at all, until reception confirms or undoes it


@dataclass(frozen=True, slots=True)
class MudancaDecidida:
    """One visit's change of status."""

    visita: VisitaPerguntada
    fato: Fato
    decisao: Decisao


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduta:
    """What to write down and what to say; `atencao` puts `visitas` before a person."""

    desfecho: Desfecho
    visitas: tuple[VisitaPerguntada, ...] = ()
    mudancas: tuple[MudancaDecidida, ...] = ()
    modelo: str | None = None
    atencao: str | None = None
    parada: Parada | None = None


_FATOS: Final[Mapping[Intencao, Fato]] = {
    Intencao.CONFIRM: Fato.PACIENTE_CONFIRMOU,
    Intencao.CANCEL: Fato.PACIENTE_CANCELOU,
    Intencao.RESCHEDULE: Fato.PACIENTE_QUER_OUTRA_DATA,
}
_DESFECHOS: Final[Mapping[Fato, Desfecho]] = {
    Fato.PACIENTE_CONFIRMOU: Desfecho.CONFIRMADO,
    Fato.PACIENTE_CANCELOU: Desfecho.CANCELADO,
    Fato.PACIENTE_QUER_OUTRA_DATA: Desfecho.REAGENDAR,
}
_DITO: Final[Mapping[Efeito, str]] = {
    Efeito.AGRADECER_CONFIRMACAO: "confirmado",
    Efeito.AVISAR_CANCELAMENTO: "cancelado",
    Efeito.AVISAR_REMARCACAO: "reagendar",
    Efeito.PEDIR_VOLTA: "pede_volta",
}
# At once, before any question of what the answer is about: template, reason for a person, what stops.
_SEMPRE: Final[Mapping[Intencao, tuple[str, str, Parada | None]]] = {
    Intencao.URGENT: ("urgente", "urgente", None),
    Intencao.DECEASED: ("obito", "obito", Parada.PACIENTE),
    Intencao.WRONG_NUMBER: ("numero_errado", "numero_errado", Parada.PACIENTE_NO_CONTATO),
    Intencao.OPT_OUT: ("sair", "pediu_para_parar", Parada.CONTATO),
}


def stops(intencao: Intencao) -> bool:
    """Tell whether these words stop messages, whatever they are about."""
    return intencao in _SEMPRE and _SEMPRE[intencao][2] is not None


# A person is talking there: what is written is for them, and may well answer them and not us.
COM_PESSOA: Final = Conduta(desfecho=Desfecho.ENCAMINHADO)
# What is said even then: somebody may be in danger, or must know that nothing more will come.
_SEMPRE_DITOS: Final = frozenset({"urgente", "sair"})
# A button that this phone was not given, and a thumb under a message: kept, and nothing else.
NADA: Final = Conduta(desfecho=Desfecho.NAO_ENTENDIDO)
_SEM_PERGUNTA: Final[Mapping[TipoAlvo, Conduta]] = {
    TipoAlvo.NENHUM: Conduta(desfecho=Desfecho.SEM_ATENDIMENTO),
    TipoAlvo.PASSADA: Conduta(desfecho=Desfecho.CONSULTA_PASSADA, modelo="passada"),
    TipoAlvo.MOVIDA: Conduta(desfecho=Desfecho.ENCAMINHADO, modelo="encaminhado", atencao="resposta_a_horario_antigo"),
    TipoAlvo.CANCELADA: Conduta(
        desfecho=Desfecho.ENCAMINHADO, modelo="encaminhado", atencao="resposta_a_visita_cancelada"
    ),
}
QUAL: Final = "qual_consulta"
MIDIA: Final = "midia"
INFORMA: Final = "informacao"
INFORMA_E_PERGUNTA: Final = "informacao_pergunta"
_ENCAMINHA: Final = "encaminhado"
_PERIGO: Final = frozenset({"urgente"})
_MIDIAS: Final = 2  # asked for words as often; then a person listens
# Reasons for a person to read what a patient wrote: until then no reminder asks the same again.
A_LER: Final = frozenset({"pergunta", "nao_entendido"})
# A machine may be at the other end, and answers for ever; a person who hears the same words a fourth time is not helped
# by them. What follows from a decision is said more often: one phone may answer for a whole house.
_MESMAS_PALAVRAS: Final = 3
_DECISOES: Final = frozenset(
    {"confirmado", "cancelado", "reagendar", "misto", INFORMA, INFORMA_E_PERGUNTA, "preferencia"}
)
_DECISOES_POR_DIA: Final = 20
_DESISTE_APOS: Final = 1  # asked back once; then a person


def decide_conduta(
    alvo: Alvo,
    intencao: Intencao,
    por_letra: Mapping[str, Intencao] | None,
    *,
    para_todos: bool,
    duvidas: int,
    now: datetime,
    age: bool = True,
) -> Conduta:
    """Return what an answer does.

    `por_letra`: what was said of each lettered visit, if the text names letters.
    `para_todos`: the text says that it means all of them. `duvidas`: how often
    this question's answers were not understood before. `age`: False where a
    confirmation or cancellation must be asked back before it is written down.
    """
    if intencao in _SEMPRE:
        modelo, atencao, parada = _SEMPRE[intencao]
        visitas = tuple(visita for pergunta in alvo.perguntas for visita in pergunta.visitas)
        return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo=modelo, atencao=atencao, parada=parada)
    if alvo.tipo in _SEM_PERGUNTA:
        visitas = alvo.pergunta.visitas if alvo.pergunta else ()
        return replace(_SEM_PERGUNTA[alvo.tipo], visitas=visitas)
    if alvo.tipo is TipoAlvo.QUAL:
        return _ask_which(alvo, intencao, now)
    pergunta = alvo.perguntas[0]
    if por_letra:
        return _apply(_by_letter(pergunta, por_letra, now))
    if pergunta.modelo == QUAL and not para_todos and len(pergunta.standing(now)) > 1:
        return Conduta(
            desfecho=Desfecho.ENCAMINHADO, visitas=pergunta.visitas, modelo="encaminhado", atencao="qual_consulta"
        )
    if not age and intencao in PERGUNTAM:
        return _ask_back(pergunta, intencao, duvidas=duvidas, now=now)
    if intencao in _FATOS:
        return _apply([(visita, _FATOS[intencao]) for visita in pergunta.standing(now)])
    return _without_decision(alvo, pergunta, intencao, duvidas=duvidas, now=now)


def _ask_back(pergunta: Pergunta, intencao: Intencao, *, duvidas: int, now: datetime) -> Conduta:
    """Ask whether it was understood, once; then a person."""
    visitas = pergunta.standing(now)
    if duvidas < _DESISTE_APOS:
        return Conduta(desfecho=Desfecho.PERGUNTA_REPETIDA, visitas=visitas, modelo=PERGUNTAM[intencao])
    return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo="encaminhado", atencao="nao_entendido")


def decide_midia(alvo: Alvo, ditas: Mapping[str, int], *, now: datetime) -> Conduta:
    """Return what follows from a voice message, a picture, a sticker: words are asked for, twice; then a person.

    `ditas`: how often each template was said to this contact in the last day.
    """
    visitas = tuple(visita for pergunta in alvo.perguntas for visita in pergunta.standing(now))
    if ditas.get(MIDIA, 0) < _MIDIAS:
        return Conduta(desfecho=Desfecho.NAO_ENTENDIDO, visitas=visitas, modelo=MIDIA)
    dito = None if ditas.get(_ENCAMINHA) else _ENCAMINHA
    return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo=dito, atencao=MIDIA)


def asks(conduta: Conduta, leitura: Leitura) -> bool:
    """Tell whether the hospital's knowledge may have an answer: a question, or one beside what was decided.

    Where only a model took the words for a yes or a no, what we know goes before asking back.
    """
    if leitura.intencao is Intencao.QUESTION:
        return conduta.atencao == "pergunta"
    if leitura.intencao in PERGUNTAM and not leitura.age:
        return conduta.modelo == PERGUNTAM[leitura.intencao]
    return leitura.secundaria is Intencao.QUESTION and bool(conduta.mudancas) and conduta.atencao is None


def inform(conduta: Conduta, *, aberta: bool) -> Conduta:
    """Return what an answered question leads to: no person is needed, and an open question of ours is repeated."""
    if conduta.mudancas:
        return conduta  # said besides
    desfecho = Desfecho.PERGUNTA_REPETIDA if aberta else Desfecho.JA_RESPONDIDO
    return replace(conduta, desfecho=desfecho, modelo=INFORMA_E_PERGUNTA if aberta else INFORMA, atencao=None)


def note_preferencia(conduta: Conduta) -> Conduta:
    """Return what days and hours lead to, written by somebody who already asked for another date."""
    return replace(conduta, desfecho=Desfecho.REAGENDAR, modelo="preferencia", atencao=None)


def wants_another_date(conduta: Conduta) -> bool:
    """Tell whether all it is about waits for another date already, and the words decided nothing."""
    return (
        bool(conduta.visitas)
        and all(mudanca.decisao.status is StatusConfirmacao.REAGENDAR for mudanca in conduta.mudancas)
        and conduta.parada is None
        and conduta.atencao not in _PERIGO
        and all(visita.status is StatusConfirmacao.REAGENDAR for visita in conduta.visitas)
    )


def goes_to_person(intencao: Intencao, *, tocada: bool) -> bool:
    """Tell whether, while a person talks there, this is theirs alone to read.

    A "sim" then may answer them; a touched button still says what it says, and what must stop stops.
    """
    return not tocada and intencao not in _SEMPRE


def may_interrupt(modelo: str) -> bool:
    """Tell whether the program says this even while a person talks there."""
    return modelo in _SEMPRE_DITOS


def may_reply(modelo: str, ditas: Mapping[str, int]) -> bool:
    """Tell whether `modelo` may be said once more to a contact who heard `ditas` (template → times) in the last day."""
    limite = _DECISOES_POR_DIA if modelo in _DECISOES else _MESMAS_PALAVRAS
    return ditas.get(modelo, 0) < limite


def _apply(pares: Sequence[tuple[VisitaPerguntada, Fato]]) -> Conduta:
    visitas = tuple(visita for visita, _ in pares)
    mudancas = tuple(
        MudancaDecidida(visita, fato, decisao)
        for visita, fato in pares
        if (decisao := decide(visita.status, fato)) is not None
    )
    ditos = {_DITO[efeito] for mudanca in mudancas for efeito in mudanca.decisao.efeitos if efeito in _DITO}
    if not ditos:
        return Conduta(desfecho=Desfecho.JA_RESPONDIDO, visitas=visitas, mudancas=mudancas, modelo="ja_respondido")
    if "pede_volta" in ditos:
        return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, mudancas=mudancas, modelo="pede_volta")
    fatos = {mudanca.fato for mudanca in mudancas}
    first = next(fato for fato in _DESFECHOS if fato in fatos)  # told apart in `data`; the flat answer names one
    modelo = ditos.pop() if len(ditos) == 1 and len(fatos) == 1 else "misto"
    return Conduta(desfecho=_DESFECHOS[first], visitas=visitas, mudancas=mudancas, modelo=modelo)


def _by_letter(
    pergunta: Pergunta, por_letra: Mapping[str, Intencao], now: datetime
) -> list[tuple[VisitaPerguntada, Fato]]:
    return [
        (visita, _FATOS[por_letra[visita.letra]])
        for visita in pergunta.standing(now)
        if por_letra.get(visita.letra) in _FATOS
    ]


def _ask_which(alvo: Alvo, intencao: Intencao, now: datetime) -> Conduta:
    visitas = tuple(visita for pergunta in alvo.perguntas for visita in pergunta.standing(now))
    if intencao is Intencao.QUESTION:
        return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo="encaminhado", atencao="pergunta")
    if intencao not in _FATOS and not any(pergunta.is_open(now) for pergunta in alvo.perguntas):
        atencao = None if intencao is Intencao.GREETING else "nao_entendido"  # thanks after an answer ask nothing
        desfecho = Desfecho.ENCAMINHADO if atencao else Desfecho.JA_RESPONDIDO
        return Conduta(desfecho=desfecho, visitas=visitas, atencao=atencao)
    return Conduta(desfecho=Desfecho.QUAL_CONSULTA, visitas=visitas, modelo=QUAL)


def _without_decision(alvo: Alvo, pergunta: Pergunta, intencao: Intencao, *, duvidas: int, now: datetime) -> Conduta:
    """Answer what neither confirms nor cancels: a question, a greeting, or what nobody can be sure of."""
    visitas = pergunta.standing(now)
    aberta = alvo.tipo is TipoAlvo.ABERTA
    if intencao is Intencao.QUESTION:
        modelo = "duvida" if aberta else "encaminhado"
        return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo=modelo, atencao="pergunta")
    if intencao is Intencao.GREETING:
        if not aberta:
            return Conduta(desfecho=Desfecho.JA_RESPONDIDO, visitas=visitas)
        repete = "pergunta_repetida" if duvidas < _DESISTE_APOS else None
        return Conduta(desfecho=Desfecho.PERGUNTA_REPETIDA, visitas=visitas, modelo=repete)
    if not aberta:
        return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, atencao="nao_entendido")
    if duvidas < _DESISTE_APOS:
        return Conduta(desfecho=Desfecho.NAO_ENTENDIDO, visitas=visitas, modelo="nao_entendi")
    dito = "encaminhado" if duvidas == _DESISTE_APOS else None  # said once: an answering machine answers for ever
    return Conduta(desfecho=Desfecho.ENCAMINHADO, visitas=visitas, modelo=dito, atencao="nao_entendido")
