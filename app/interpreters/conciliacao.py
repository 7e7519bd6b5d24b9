"""How the rules and a model come to one reading: the rules first, the model where they are silent or only guess."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from app.domain.resposta.gramatica import Parte, partes_of, symbols_of
from app.domain.resposta.tipos import Intencao, Leitura, Texto, any_of

_I = Intencao
AGEM: Final = frozenset({_I.CONFIRM, _I.CANCEL})
PARAM: Final = frozenset({_I.URGENT, _I.DECEASED, _I.WRONG_NUMBER, _I.OPT_OUT})
# Stages that read keywords: what they say holds only until a model knows better.
FRACAS: Final = frozenset({"pergunta", "nada_reconhecido"})
# Nothing written, or an option typed alone: no model knows better.
_CERTAS: Final = frozenset({"sem_texto", "opcao_1", "opcao_0"})
_CONTRA_TUDO: Final = 0.9
"""How sure a model must be to speak against a rule that understood every word."""

# What a model does not hear: words that leave open whether they come.
_DUVIDA: Final = any_of(
    r"\b(?:talvez|acho|achava|provave\w+|possive\w+|quem sabe|sei la|depende\w*|duvida|indecis[oa]|tent\w+|esforc\w+"
    r"|possivel|garant\w+|promet\w+|certeza\?|ainda nao|nao sei|nao decidi|sera que|vou ver|ver se|deixa eu|pensand?o"
    r"|pensar|depois|mais tarde|mais ou menos|tomara|espero|capaz|caso|se|quando|assim que|a nao ser|ou|queria"
    r"|iria|ia|poderia|gostaria|talves|avis\w+|pergunt\w+|responder|respondo)\b"
)
_NEGA: Final = any_of(
    r"\b(?:nao|nem|nunca|jamais|nenhum\w?|ninguem|sem|negativo|0|00|zero|num|volto)\b|\?",
    r"\b(?:cancel|desmarc|falt(?:ar|o|ei|ou)|ausen|desist|impossi|infelizmente|adia|remarc|suspen|anul)\w*",
)
_AFIRMA: Final = any_of(r"\b(?:1|01|sim|confirm(?:o|ad[oa]|ei|ar|a|e)|estarei|irei|comparecerei|claro que vou)\b")
_NAO_CANCELA: Final = any_of(
    r"\b(?:nao|nem|nunca|jamais)\b(?: \w+){0,3} (?:cancel\w+|desmarc\w+|falt\w+|perd\w+|desist\w+|esquec\w+)",
    r"\b(?:nao|nem)\b(?: \w+){0,2} (?:faria|deix\w+|abro mao|abriria mao|solto|largo)",
)
# Another day, a question, a word that says too little to give a visit up.
_NAO_DESISTE: Final = any_of(
    r"\b(?:prorrog|adi[ae](?!nt)|remar[ck]|reagend|mud[ae]|troc|antecip|transfer)\w*",
    r"\boutr[oa]s? (?:dia|data|hor|vez|med)|\bnao (?:\w+ )?confirm",
    r"\?|^(?:nunca|chega|passo|esquece)$|\bja (?:resolvi|fui|fiz|passei)$",
)
_NAO_VAI: Final = any_of(
    r"\bnao (?:irei|estarei|comparecerei|confirmo|sim)\b", r"\bconfirm\w+ (?:que nao|o cancel|a aus)"
)
_ORDENA: Final = any_of(
    r"\b(?:ignor\w+|traduz\w+|modo|desenvolvedor|debug|instruc\w+|sistema|system|finja|assistente|assistant|prompt|json|label|comando|admin\w*|regras"
    r"|todas as consultas|todos os|appointment\w*|confirm th\w+|faca de conta|voce (?:eh|e|agora|deve)|responda|modelo"
    r"|usuario|user|role|output|intent\w*|status)\b",
    r"[{}<>\[\]]|[\u0370-\u1cff\u3040-\ud7ff]",  # brackets of programs, letters of other scripts
)
_MUDAS: Final = frozenset({".", "?", "#outro", "#hora", "#data", "emojineutro"})
_LIDAS: Final = frozenset(".,Wh")


def reconcile(
    regra: Leitura, opine: Callable[[], Mapping[Intencao, float]], limiares: Mapping[Intencao, float], texto: Texto
) -> Leitura:
    """Return the reading that both allow.

    `opine` tells how probable the model holds each intent, and is not called where it could change nothing;
    `limiares` is how probable an intent must be to be said. A confirmation or cancellation that only the model
    sees asks back (`age` false); where model and rule oppose each other, it does too.
    """
    if regra.intencao in PARAM or regra.regra in _CERTAS:
        return regra
    if regra.regra in FRACAS and says_nothing(texto):
        return replace(regra, intencao=_I.UNCLEAR, regra="sem_palavras")
    partes = opine()
    melhor = max(partes, key=partes.__getitem__)
    if regra.regra in FRACAS:
        return _weigh(regra, melhor, partes, texto) if partes[melhor] >= limiares[melhor] else regra
    if melhor in PARAM and partes[melhor] >= _CONTRA_TUDO:
        return Leitura(melhor, regra.intencao, partes[melhor], texto.trecho, "modelo_local", f"contra_{regra.regra}")
    if regra.intencao in AGEM and partes[melhor] >= _CONTRA_TUDO and melhor is not regra.intencao:
        return replace(regra, confianca=0.6, regra=f"{regra.regra}_contra_modelo", age=False)
    return regra


def _weigh(regra: Leitura, melhor: Intencao, partes: Mapping[Intencao, float], texto: Texto) -> Leitura:
    """Return what the model says, unless words it does not hear speak against it."""
    if melhor in AGEM and (texto.cortado or contradicts(melhor, texto)):
        return regra
    if melhor is regra.intencao:
        return replace(regra, confianca=max(regra.confianca, partes[melhor]))
    if melhor is _I.UNCLEAR:
        return Leitura(melhor, None, partes[melhor], texto.trecho, "modelo_local", "duvida")
    segunda = _I.QUESTION if regra.intencao is _I.QUESTION and melhor is not _I.GREETING else None
    return Leitura(melhor, segunda, partes[melhor], texto.trecho, "modelo_local", melhor.value, age=melhor not in AGEM)


def says_nothing(texto: Texto) -> bool:
    """Tell whether there is not one word to read: signs, an emoji, an hour, a date alone, or only "ciente"."""
    if all(palavra.texto in _MUDAS for palavra in texto.palavras):
        return True
    simbolos = set(symbols_of(texto.palavras))
    return "W" in simbolos and simbolos <= _LIDAS


def contradicts(intencao: Intencao, texto: Texto) -> bool:
    """Tell whether the words hold a doubt, a condition, an order to the program, or the opposite of the act."""
    corrido = texto.corrido
    if _DUVIDA.search(corrido) or _ORDENA.search(corrido) or _ORDENA.search(texto.trecho):
        return True
    ditas = set(partes_of(symbols_of(texto.palavras)))
    if intencao is _I.CONFIRM:
        return bool(_NEGA.search(corrido)) or bool(ditas & {Parte.NEGA, Parte.CANCELA, Parte.ZERO})
    afirma = _AFIRMA.search(corrido) and not _NAO_VAI.search(corrido)
    return bool(afirma or _NAO_CANCELA.search(corrido) or _NAO_DESISTE.search(corrido)) or Parte.CONFIRMA_FIRME in ditas
