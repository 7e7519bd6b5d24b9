"""What is neither yes nor no: another day, a question, a greeting. Keywords suffice here: none of these acts alone."""

import re
from collections.abc import Sequence
from typing import Final

from app.domain.resposta.expressao import judge_palavras
from app.domain.resposta.gramatica import Parte, partes_of, symbols_of
from app.domain.resposta.tipos import Intencao, Leitura, Palavra, Texto, any_of, words

_I = Intencao


_REMARCA: Final = any_of(
    r"\b(?:remar[ck]\w*|remarque\w*|rea(?:g|j)end\w*|reprogram\w+|adi(?:ar|a|amento|em)|antecip\w+|reschedule)\b",
    r"\b(?:mudar|muda|trocar|troca|alterar|transferir|transfere|passar|mudanca|cambiar)\b(?: (?:o|a|de|da|do"
    r"|minha|meu|para|esse|essa|la|cita)){0,3} (?:dia|data|horario|hora|consulta|exame|outr[oa]|otro|segunda"
    r"|terca|quarta|quinta|sexta|sabado|proxima|semana|cita)\b",
    r"\b(?:outr[oa]|otro|nova|another|algum outro|novo) (?:dia|data|horario|hora|vaga|agendamento|momento"
    r"|semana|day|time)\b",
    r"(?<!\bda )\b(?:outra|otra|another|nova) vez\b",  # "da outra vez" was last time
    r"\btem vaga (?:de|na|no|a|para|as)\b|\bmarc\w+ (?:de novo|novamente|para (?:outr[oa]|amanha|segunda|sexta|o))",
    r"\bagendar de novo",
    r"\bness?[ea] (?:dia|horario|data|hora)(?: \w+){0,2} nao (?:posso|consigo|da|vou poder|podemos|pode)",
    r"\bnao (?:posso|consigo|pode|vou poder|da)(?: ir)? ness?[ea] (?:dia|horario|data|hora)",
    r"\b(?:ess[ea]|neste|nesse) (?:horario|dia|data)(?: \w+)? nao (?:da|posso|consigo|serve)",
    r"\bnao (?:posso|consigo)(?: ir)? (?:de manha|a tarde|de tarde|na segunda|na sexta)",
    r"\bso (?:posso|pode|consigo|da) (?:depois|de manha|a tarde|de tarde|a partir|na|no|as)",
    r"\bpode ser (?:dia|na|no|as|as?|de|depois|dps|outro|#hora|em)\b|\bpode ser (?:#hora|#data)",
    r"\btem (?:outro|horario|vaga|para) ?(?:mais|as|de|depois|a|#hora)?|\btem para (?:as|#hora)",
    r"\bprefiro (?:outr[oa]|na parte|de manha|a tarde|de tarde|mais)",
    r"\bmas (?:em outro|nao nesse|nao ness?[ea]|queria outro|pode ser outro)",
    r"\bprecisava ser de|\bmais (?:tarde|cedo) (?:tem|pode)|\bser mais tarde\b|\bme encaixa em|\bmarc\w+ para outr",
    r"\bpara outr[oa] (?:dia|data|horario)",
    r"\bfaltei na consulta|\bperdi a consulta|\bnao da para mim (?:esse|nesse)|\bqual(?:quer)? outr[oa] dia",
)
_CONDICIONAL: Final = re.compile(
    r"\bse (?:nao )?(?:tiver|houver|tem|der|acharem)\b.*\b(?:cancel|desmarc|prefiro)|\bso (?:vou|cancelo|cancelar)\b"
)

_INTERROGA: Final = re.compile(
    r"^(?:(?:oi|ola|bom|boa|dia|tarde|noite|moca|filha|minha|por|favor|senhora?|e|entao|\.|mas|me|ok|eu) )*"
    r"(?:qua(?:l|is|nto|nta|ntos|ntas|ndo)|onde|quem|como|que (?:horas?|dia|medico|consulta|exame|onibus|lugar)"
    r"|o que|oque|porque|precis[ao]|preciso levar"
    r"|tem que|tenho que levar|tem (?:estacionamento|multa|problema|como chegar)|aceita\w*|atendem"
    r"|voces (?:atendem|aceitam)|cade|kal|em que|de onde|para que|a partir)\b"
)
_PEDE_GENTE: Final = any_of(
    r"\b(?:falar|conversar|fala|atendimento)(?: \w+){0,3} (?:atendente|alguem|humano|pessoa|recepcao|secretaria"
    r"|telefone|medico)\b",
    r"^(?:atendente|humano|operador|ajuda|menu|endereco|duvida|telefone de contato)$",
    r"\bme (?:lig\w+|explic\w+|ajud\w+)|\bmeajud\w+|\bmeajda",
    r"\bpode(?:m)? (?:me )?(?:ligar|explicar|ajudar|informar|mandar o endereco)",
    r"\bpreciso de (?:ajuda|um atestado|um telefone)|\bquero ajuda|\bajuda eu|\btirar uma duvida|\btira uma duvida",
    r"\bnao (?:entendi|estou entendendo|to entendendo|compreendi)(?: a mensagem)?(?=$| \.)",
    r"\bme (?:manda|mande|passa|fala|informa|diz)\b(?: \w+){0,4} (?:endereco|telefone|localizacao|horario"
    r"|whatsapp|wpp|zap|detalhes)",
    r"\b(?:gostaria|quero|queria) (?:de )?(?:saber|tirar|marcar|agendar|mais detalhes|informac\w+|uma informacao)",
    r"\b(?:me )?atrasar\b|\bchegar(?:ei)? (?:um pouco |uns minut\w+ )?atrasad[oa]|\bvou me atrasar",
    r"\bqual (?:o |eh o |seria o )?(?:endereco|telefone|horario|valor)",
    r"\bestou (?:gripad[oa]|com (?:tosse|dor de cabeca))|\bto com dor (?:no|na) (?:ombro|costas)",
    r"\bdor (?:de (?:cabeca|barriga|garganta)|nas costas)",
)
_RETORICAS: Final = words(
    "ok certo sim nao pode vou eu ta entao confirmado confirmada confirmo confirma confirmar ou cancelar 1 0 . ?"
)


def remarcar(texto: Texto) -> Leitura | None:
    """Read a wish for another day or hour; it beats yes and no."""
    corrido = texto.corrido
    if not _REMARCA.search(corrido) or _keeps_as_is(texto):
        return None
    if _CONDICIONAL.search(corrido):
        return Leitura(_I.UNCLEAR, _I.RESCHEDULE, 0.5, texto.trecho, "contexto", "condicao_de_data")
    return Leitura(_I.RESCHEDULE, None, 0.85, texto.trecho, "contexto", "outra_data")


def _keeps_as_is(texto: Texto) -> bool:
    """Tell whether "remarcar" is what they do not want: "não precisa remarcar, vou"."""
    return Parte.NAO_REMARCA in partes_of(symbols_of(texto.palavras))


# What may be asked beside a decision without putting it in doubt.
_TEMA_INOCENTE: Final = re.compile(
    r"\b(?:endereco|onde|andar|rua|sala|bloco|predio|estacionamento|localizacao|jejum|comer|beber|agua|remedio"
    r"|medicacao|documentos?|documento"
    r"|carteirinha|cartao|exames? (?:antigos?|anteriores?)|pedido|encaminhamento|levar|acompanhante|convenio"
    r"|presencial|online|que horas|horario"
    r"|quanto tempo|demora|doutora?|medic[oa]|chegar (?:um pouco )?(?:antes|mais cedo|uns minut\w+)|multa|taxa"
    r"|cadastro|fila|dinheiro|pagar|assinar"
    r"|prejudica|tem problema|esperar|qual andar)\b"
)
_TEMA_DUVIDOSO: Final = re.compile(
    r"\b(?:se|(?<!presencial )ou|outr[oa]|cancel\w*|desmarc\w*|remarc\w*|mudar|trocar|posso ir|preciso ir"
    r"|tenho que ir|quem|engano|golpe|certeza|vale a pena|caso"
    r"|confirm\w*|gripad[oa]|doente|febre|dor|nao)\b"
)
_INICIO_DE_PERGUNTA: Final = words(
    """
    precisa preciso qual quais que onde quanto quantos quanta quantas tem posso pode podem aceita aceitam eh como
    atende atendem perco voce isso quando
"""
)


def com_pergunta(texto: Texto) -> Leitura | None:
    """Read a plain decision followed by one question that does not decide whether they come."""
    corte = _start_of_question(texto.palavras)
    if texto.cortado or corte is None:
        return None
    pergunta = " ".join(palavra.texto for palavra in texto.palavras[corte:])
    if _TEMA_DUVIDOSO.search(pergunta) or not _TEMA_INOCENTE.search(pergunta):
        return None
    decisao = texto.palavras[:corte]
    while decisao and decisao[-1].texto in {".", "mas", "e", "so"}:
        decisao = decisao[:-1]
    lida = judge_palavras(decisao)
    if lida is None or (lida[1] == "sim_curto" and not _is_full_yes(decisao)):
        return None
    return Leitura(lida[0], _I.QUESTION, 0.9, texto.trecho, "contexto", f"{lida[1]}_e_pergunta")


_PALAVRAS_DE_ATRASO: Final = words(
    """
    vou devo posso chego chegar atrasar atrasada atrasado atraso me um uma uns umas pouco pouquinho minuto minutos
    minutinhos min depois mais tarde tem problema ? . mas so que acho eu o a de em no transito onibus ta esta parado
    podem pode esperar tolerancia por favor desculpa hora meia #hora do horario por causa
"""
)
_DIZ_ATRASO: Final = frozenset({"atrasar", "atrasada", "atrasado", "atraso", "minutos", "min", "minutinhos", "tarde"})


def com_atraso(texto: Texto) -> Leitura | None:
    """Read a plain yes followed by nothing but a delay to be tolerated."""
    textos = [palavra.texto for palavra in texto.palavras]
    if texto.cortado or not _DIZ_ATRASO.intersection(textos):
        return None
    for corte, separador in enumerate(textos):
        resto = textos[corte:]
        if separador in {".", "mas", "so"} and all(t in _PALAVRAS_DE_ATRASO or t.isdigit() for t in resto):
            lida = judge_palavras(texto.palavras[:corte])
            if lida is None or lida[0] is not _I.CONFIRM or lida[1] in {"sim_curto", "opcao_1"}:
                return None
            return Leitura(_I.CONFIRM, _I.QUESTION, 0.9, texto.trecho, "contexto", "vem_com_atraso")
    return None


def _is_full_yes(palavras: Sequence[Palavra]) -> bool:
    """Tell a "sim" from an "ok": "ok, que horas?" only asks."""
    return "Y" in symbols_of(palavras)


def _start_of_question(palavras: Sequence[Palavra]) -> int | None:
    """Return where the closing question begins, if there is one and only one."""
    textos = [palavra.texto for palavra in palavras]
    while textos and textos[-1] in {".", "emojineutro"}:
        textos.pop()
    if textos.count("?") != 1 or textos[-1] != "?":
        return None
    for indice in range(len(textos) - 2, 0, -1):
        if textos[indice - 1] in {".", "mas", "e"} and textos[indice] in _INICIO_DE_PERGUNTA:
            return indice
        if textos[indice] == "." and indice < len(textos) - 2 and textos[indice + 1] not in _INICIO_DE_PERGUNTA:
            return None
    return None


def pergunta(texto: Texto) -> Leitura | None:
    """Read a question, or a call for a person."""
    corrido = texto.corrido
    if all(palavra.texto in _RETORICAS for palavra in texto.palavras) or corrido.startswith(("quem disse", "eu disse")):
        return None
    if _PEDE_GENTE.search(corrido) or _INTERROGA.match(corrido) or _ends_asking(texto.palavras):
        return Leitura(_I.QUESTION, None, 0.7, texto.trecho, "contexto", "pergunta")
    return None


def _ends_asking(palavras: Sequence[Palavra]) -> bool:
    textos = [palavra.texto for palavra in palavras]
    return "?" in textos and sum(texto not in {".", "?"} for texto in textos) > 2  # noqa: PLR2004


_SAUDACOES: Final = words(
    """
    tenha um uma otimo otima bom bons boa boas feliz fim final de semana domingo sabado natal ano novo dia dias
    tarde tardes noite noites muito muita obrigado obrigada obrigados obrigadao brigado brigada grato grata gratos
    agradeco agradecemos agradecido agradecida gratidao oi oie oii ola opa e ai como vai vao vc voce tudo td bem
    com deus abencoe abencoa te nos fica fiquem ate mais logo breve proxima a o as os coisas beijo beijos bjs bj
    abraco abracos tchau adeus bye valeu vlw falou flw amem querida querido moca minha meu disponha igualmente
    nada por pela pelo atencao contato ajuda so isso mesmo viu pessoal grupo emojineutro gracias thanks hey alo
    eai iae buenos hola vida lhe pague noitinha senhora senhor ne sua carinho excelente hello hi saudacoes paz na do
    joia bom esta ta estao voces vcs feriado pascoa descanso trabalho tambem te ano novo dias jornada flor lembranca
    aviso avisar lembrar todos todas meus minhas coracao imagina que ele conosco
    """
)
_SO_EMOJI: Final = re.compile(r"^[. ]*(?:emojineutro[. ]*)+$")
_SAUDACAO_NUCLEO: Final = re.compile(
    r"\b(?:oi+e?|ola|opa|bom|boa|feliz|obrigad\w+|brigad[oa]|grat[oa]|agradec\w+|obg|tchau|adeus|valeu|vlw|amem"
    r"|beijos?|abracos?|deus|ate|igualmente|disponha"
    r"|alo|hey|eai|hola|gracias|falou|flw|de nada|tenha|buenos|so isso mesmo|como (?:vai|vao|voces?|estao|esta|ta)"
    r"|hello|hi|bjs|beijo|saudacoes|gratidao|por nada|paz|e ai|tudo (?:bem|bom|joia) (?:com|\?))\b"
)


def saudacao(texto: Texto) -> Leitura | None:
    """Read a text that only greets, thanks or blesses."""
    corrido = texto.corrido
    if not corrido or _SO_EMOJI.match(corrido) or not _SAUDACAO_NUCLEO.search(corrido):
        return None
    palavras = corrido.split()
    if all(palavra in _SAUDACOES or palavra in {".", "?"} for palavra in palavras) or set(
        symbols_of(texto.palavras)
    ) <= {".", ",", "h"}:
        return Leitura(_I.GREETING, None, 0.8, texto.trecho, "contexto", "saudacao")
    return None
