"""What must not wait for any other reading: danger, death, a stranger's number, a wish to be left alone."""

import re
from collections.abc import Sequence
from typing import Final

from app.domain.resposta.tipos import Intencao, Leitura, Texto, any_of

_I = Intencao


_W = r"(?: \w+)"  # one more word
_VERBO_ENVIAR: Final = r"(?:mand\w+|envi\w+|incomod\w+|ench\w+|perturb\w+|pergunt\w+|cham\w+|receb\w+)"
_AVISOS: Final = r"(?:mensage\w+|notificac\w+|lembretes?|avisos?|contatos?|whats\w*|zap)"

_URGENTE: Final = any_of(
    r"\b(?:dor|dores|aperto|queimacao|pontadas?|doi|doendo|pressao|duele)\b(?: (?!\.)\w+){0,4} (?:n?o|el)"
    r" (?:peito|pecho)\b",
    r"\bpeito(?: \w+){0,2} (?:doendo|doi|doeu|apertad\w|apertando|queimando)",
    r"\b(?:falta d[e ] ?ar|sem ar\b|sem folego|faltando ar)",
    rf"\bnao{_W}{{0,2}} (?:consig\w+|consegu\w+|da para)(?: \w+)?(?: nem)? respira",
    r"\bsufoca\w+|\bengasg\w+|\bconvuls\w+|\bconvulcionando|\bataque epileptico|\bavc\b|\binfart\w+|\bderrame\b",
    r"\banafila\w+|\boverdose",
    r"\b(?:desmai(?:ou|ada|ado|ando|ei)|vou desmaiar|perdi a consciencia|perdeu a consciencia|inconsciente|perdeu"
    r" os sentidos)\b",
    r"\b(?:boca|rosto|cara|face) tort[ao]|\bfala (?:enrolada|embolada|arrastada)|\brosto inch\w+",
    r"\blabios?(?: \w+){0,2} rox\w+",
    r"\b(?:sangrando|hemorragia)\b|\bsangramento(?: \w+)? (?:intenso|forte|grande|nao para)",
    r"\bmuito sang(?:ue|ramento)",
    r"\b(?:vomit\w*|perdendo|saindo|evacuando|tossindo|cuspindo|escarrando)(?: \w+)? sangue",
    r"\bgravid\w+(?: \w+){0,4} sang\w+|\bsang\w+(?: \w+){0,4} gravid\w+|\bbolsa (?:estour\w+|romp\w+)",
    r"\bromp\w+ a bolsa|\bestour\w+ a bolsa|\bcontrac(?:oes|ao)\b|\btrabalho de parto|\bentr\w+ em parto",
    r"\bbebe(?: \w+){0,3} (?:nao(?: \w+)? (?:mex\w+|acorda|respira)|mole\b|parou de mexer|rox[oa])",
    r"\b(?:passand\w|pasand\w|passano)(?: \w+)? mal\b|\bpassou mal\b|\bestou muito mal\b|\bto muito mal\b",
    r"\bajuda to mal",
    r"\bsocorr?o+\b|\bsamu\b|\bambulancia|\bamulancia|\bme acod[ea]|\bpolicia\b",
    r"\bajud\w*(?: \w+)? urgente|\bemergencia\b|\beh urgente\b(?=.*\bmal\b)|\burgente\b.*\bajuda",
    r"\b(?:quer(?:o|endo)|vontade de|pens\w+ em|vou) (?:me matar|morrer|tirar (?:a )?minha vida)\b",
    r"\bnao quero mais viver|\bsuicid\w+|\bacabar com (?:a )?minha vida|\bme matar\b|\bnao aguento mais viver",
    r"\b(?:me|esta me|ta me) (?:bateu|batendo|agrediu|agredindo|espanc\w+|esfaque\w+|ameac\w+)\b|\bestupr\w+",
    r"\bfui agredida",
    r"\b(?:febre|temperatura)\b(?: (?:de|em|com|alta|eh|esta|graus))* (?:39|4[0-2])",
    r"\b(?:39|4[0-2])(?: \. \d)?(?: graus)?(?: de)? febre|\bbebe(?: \w+){0,4} febre|\bfebre(?: \w+){0,4} bebe",
    r"\brecem nascido(?: \w+){0,4} febre|\bfebre muito alta",
    r"\bpress?ao(?: \w+){0,4} (?:1[89]|2\d)\b(?: (?:por|x) | . )\d",
    r"\b(?:glicose|glicemia|diabetes?|acucar)(?: \w+){0,4} (?:[3-9]\d\d|[1-4]\d)\b",
    r"\bengoli\w*(?: \w+)? (?:agua sanitaria|veneno|soda|pilha|moeda|produto|remedio|chumbinho|desinfetante"
    r"|bateria)",
    r"\benvenen\w+|\bchumbinho\b|\bintoxic\w+|\bveneno\b",
    r"\btom\w+ (?:um monte|varios|muitos|uma cartela|todos os|demais) ?(?:de )?(?:remedios?|comprimidos?)?",
    r"\breacao alergica|\b(?:lingua|garganta)(?: \w+){0,2} (?:inch\w+|fech\w+)|\bchoque anafi",
    r"\bbat\w+ a cabeca|\bcai\w*(?: \w+){0,4} (?:nao (?:consigo|consegue) levantar|chao)",
    r"\bno chao nao consigo levantar|\bcaid[oa] (?:aqui )?no chao|\btraumatismo",
    r"\bele nao acorda|\bela nao acorda|\bnao (?:esta|ta) (?:respondendo|acordando|reagindo)",
    r"\bnao responde aos? chamad",
    r"\bbraco(?: \w+){0,3} (?:formig\w+|dormente)|\bformigamento no braco|\bfraqueza subita",
    r"\bdor (?:10\b|#data)|\bduele(?: \w+)? (?:el )?pecho",
    r"\bdor(?: \w+){0,2} insuportavel|\bmuita dor \. nao aguento|\bnao aguento (?:mais )?de dor",
    r"\bdor(?: \w+){0,3} nao aguento mais",
    r"\b(?:ponto|cirurgia|corte|ferida)(?: \w+)? (?:abriu|esta sangrando|sangrando|estourou)",
    r"\b(?:quebrei|fraturei|quebrou)(?: \w+){0,3} agora\b",
    r"\b(?:picad\w|mordid\w|mordeu|picou)(?: \w+){0,3} (?:cobra|escorpiao|aranha)",
    r"\bcobra(?: \w+){0,2} (?:mordeu|picou)",
    r"\batropel(?:ad\w|aram|ou)|\b(?:levei|levou|tomei|tomou)(?: \w+){0,2} (?:tiro|facada|choque)|\besfaquead\w",
    r"\b(?:esta|ta|to|foi|sendo|fui) (?:\w+ )?(?:agredid\w|espancad\w|estuprad\w)|\babus(?:ou|aram) (?:de mim|del)",
    r"\b(?:se matar|tirar a (?:propria )?vida|tentou se matar|cort(?:ei|ou) os? pulsos?|queria morrer)\b",
    r"\bnao (?:quero|aguento|vejo)(?: \w+){0,3} (?:viver|viva?)\b|\bsentido em viver",
    r"\b(?:desacordad\w|sem pulso|nao tem pulso|parou de respirar|espumando|delirando)\b",
    r"\bnao(?: \w+){0,2} (?:reag\w+|respirando|respira|abre o olho)\b|\bdificuldade (?:para|de|em) respirar",
    r"\b(?:boca|bebe|nenem|rosto|ele|ela|esta|ta)(?: \w+){0,2} rox(?:[oa]|inh[oa])\b|\bcrise de asma",
    r"\b(?:bebe|nenem|nene|filh[oa]|crianca|menin[oa])(?: \w+){0,3} mol(?:e|inh[oa])\b",
    r"\b(?:bebeu|bebi|tomou|tomei|engoliu|ingeriu)(?: \w+)? (?:agua sanitaria|cloro|soda|veneno|querosene|detergente)",
    r"\b(?:bebe|nenem|recem nascido)(?: \w+){0,5} (?:febre|nao mexe)|\bnao sinto o (?:bebe|nenem)",
    r"\bminha vista escureceu|\bperdi a (?:visao|forca)|\blado do corpo (?:parado|dormente|paralisado)",
    r"\b(?:suando frio|coracao disparado)\b|\bsaturacao(?: \w+){0,3} [78]\d\b|\bolhos? virad\w+",
    r"\b(?:queim(?:ei|ou)|queimadura)(?: \w+){0,4} (?:agua fervendo|oleo quente|grave|rosto|corpo|braco todo)",
    r"\b(?:el[ea]|mae|pai|filh\w|esposa|marido|avo) (?:esta |ta )(?:morrendo|muito mal|tendo um (?:ataque|troco))\b",
    r"\bchame?m? (?:o resgate|um medico|os bombeiros|alguem)|\bjorrando|\bnao estanca",
)
_SINTOMA_NEGADO: Final = re.compile(
    r"\b(?:nao (?:estou|to|ta|esta|tenho|sinto|tive|tem)|sem|nunca|descarto|nem|nenhum\w?)(?: \w+)?$"
)
_PASSADO: Final = re.compile(r"^(?: \w+){0,3} (?:ano passado|mes passado|semana passada|anos atras|ha anos|quando era)")

_OBITO: Final = any_of(
    r"\bfalec\w*\b|\bfale[sc]+(?:eu|ido|ida)\b|\bobito\b|\bveio a oito\b|\bestamos de luto|\bem luto\b",
    r"\b(?:el[ea]|mae|pai|avo|esposa|esposo|marido|paciente|filh[oa]|irma[o]?|ti[oa]|sogr[oa]|joao|maria|senhora?"
    r"|dona \w+|seu \w+)(?: \w+){0,2} mor(?:reu|reo|eu)\b",
    r"^mor(?:reu|reo)$|\binfelizmente(?: \w+)? morreu",
    r"\bel[ea] (?:ja )?(?:partiu|descansou|nos deixou|foi para o ceu|virou estrela)\b",
    r"\bdeus (?:levou|chamou|recolheu)",
    r"\b(?:perdi|perdemos) (?:(?:o |a )?(?:meu|minha|nosso|nossa) (?:bebe|filh\w|mae|pai|avo|esposa|marido)"
    r"|el[ea]\b|o bebe)",
    r"\bperdeu a luta|\bnao esta mais (?:entre noi?s|conosco|com a gente|aqui com a gente)|\bsofri um aborto",
    r"\bperdi a gravidez|\btive um aborto|\bnasce\w+ (?:morto|morta|sem vida)|\bnao (?:resistiu|sobreviveu|vingou)\b",
    r"\b(?:enterr(?:amos|ei|ad[oa]|o)|sepultad[oa]|sepultamento|velorio|cremad[oa]|finad[oa]|assassinad[oa])\b",
    r"\bmissa de setimo dia|\bnao (?:esta|ta) mais viv[oa]|\b(?:foi|esta|ta) (?:no|para o) ceu\b|\bvirou estrel\w+",
    r"\b(?:mor(?:reu|reo)) (?:ja|de (?!rir|saudade|medo|vergonha|fome|sono)\w+|ontem|hoje|faz|tem|no|na|em)\b",
    r"\b(?:jesus|papai do ceu|senhor) (?:levou|chamou|recolheu)|\bmorar com deus|\bpara (?:junto|os bracos) d",
    r"\bnos deixou\b|\bpassed away|\bpartiu dess[ae] vida",
)
_OBITO_NAO: Final = re.compile(r"\bmorr\w+ de (?:rir|saudade|medo|vergonha|fome|sono)|\bnao (?:faleceu|morreu)")

_ENGANO: Final = any_of(
    r"\b(?:numero|telefone|nmr|contato|pessoa|mensagem|celular|zap|whatsapp|numro) errad[oa]\b|\bpessoa erada",
    r"\bwrong number|\bpessoa er+ada",
    r"\bnumero (?:de )?errado|\bmand\w+ (?:para (?:a|o) )?(?:pessoa|numero|contato)? ?errad[oa]",
    r"\b(?:errou|erraram|errado) (?:o|de|do) (?:numero|contato|telefone)|\bmandou errado|\bmandaram errado",
    r"^(?:\W|\w+ ){0,5}(?:eh |foi |isso eh |por |eh um |houve um |deve ser )?(?:engano|equivoco)\b",
    r"\bhouve um (?:engano|equivoco)|\bfoi engano",
    r"\bnao (?:conheco|conhecemos|conheso|conheoc)\b(?! (?:o lugar|o local|essa clinica|o endereco|o medico|a"
    r" medica|a clinica|ess[ea] medic\w|a regiao|ai|la))",
    r"^(?:\. )?desconheco\b|\bdesconheco (?:essa|esta|a) pessoa",
    r"\bnao sei quem (?:eh|e|seja)(?: (?:essa|ess[ea]|el[ea]|a) ?(?:pessoa|paciente)?)?(?=$| \.)",
    r"\bnao sou (?:eu|(?:a |o )?(?:paciente|pessoa|esta pessoa|essa pessoa))\b",
    r"\bnao sou (?:a|o) \w+(?=$| [.]| nao| moc)|\bnao so[iu]? a \w+$",
    r"\bnao (?:eh|e) (?:comigo|para mim|dela|dele|daqui|meu|esse numero|este numero|mais del[ea])(?=$| \.| eh|"
    r" viu| nao)",
    r"\bnao era para mim",
    r"\b(?:numero|telefone|celular|zap|chip|esse|este|aqui)(?: \w+){0,2} (?:nao |nunca )(?:eh|e|era|pertence)(?:"
    r" \w+){0,3}(?: del[ea]| (?:a|d)\w{0,3} ?essa pessoa|mais del[ea])",
    r"\b(?:esse|este|ess[ea]) nao (?:eh|e) o (?:numero|telefone|celular|contato) d",
    r"\bnao (?:eh|e) o (?:numero|telefone|celular|contato) d",
    r"\bel[ea] nao (?:tem|usa) mais (?:esse|este|ese|o) (?:numero|telefone|celular|chip)",
    r"\b(?:esse|este) (?:numero|telefone|celular|chip|zap)(?: \w+)? (?:agora )?(?:eh|e) meu\b",
    r"\b(?:esse|este)(?: aqui)? agora (?:eh|e) meu|\b(?:numero|chip|telefone) era de outra",
    r"\bcomprei (?:esse|este) (?:chip|numero)",
    r"\b(?:troquei|mudei|trokei|mudou|trocou) de (?:numero|telefone|chip).*\bnao\b.*\bmais\b",
    r"\b(?:aqui|nao) (?:nao )?tem (?:ninguem com|nenhum\w?)\b(?: (?:esse|este) nome| [a-z]+ aqui| [a-z]+$)",
    r"\baqui (?:eh|e) (?:de )?(?:outra pessoa|uma loja|outra familia|empresa)|\bnao mora (?:mais )?aqui",
    r"\bnao tem ninguem com (?:esse|este) nome|\baqui nao (?:eh|e) d[aoe] \w+",
    r"\b(?:numero|telefone|celular|zap|chip|contato)(?: \w+){0,2} (?:eh|e) (?:outro\b|d[aeo] (?:outra|empresa|loja))",
    r"\b(?:troc|mud)ou de (?:numero|telefone|celular|chip)|\bnao (?:pertence|me chamo|sou quem)\b",
    r"\bmeu nome nao (?:eh|e)\b",
    r"\bnunca (?:ouvi falar|vi)(?: \w+){0,2} (?:pessoa|nome|paciente)|\bnovo don[oa] d|\bdon[oa] antig[oa] d",
    r"\bnumero equivocado|\bpor engano\b|\b(?:me )?confund(?:iram|indo|iu)\b(?!.*\b(?:dia|hora|data))",
    r"\bnao tenho (?:mais )?contato com|\bcomprei (?:esse|este) (?:chip|numero|celular)",
    r"\bpeguei (?:esse|este) (?:numero|chip)",
    r"\baqui (?:eh|e) (?:de )?uma? (?:padaria|loja|oficina|empresa|escola|mercado|farmacia|bar|restaurante)",
)

_SAIR: Final = any_of(
    rf"\b(?:pare|parem|para|parar|parra|parra|chega|p)(?: de| com| d)?(?: (?:me|nos|ficar|essas?|esses?|tanta"
    rf"|isso de))* (?:{_VERBO_ENVIAR}|{_AVISOS})",
    r"^(?:\W|\w+ ){0,3}(?:pare|parem|parar|sair|stop|unsubscribe|para|remover|bloqueado|bloqueei)(?: (?:ja|por"
    r" favor|agora|da lista|obrigad[oa]|ai))*[ .]*$",
    r"\b(?:para|pare|parem|p) com (?:isso|essa|esse|ess[ea]s)\b|\bmensagem demais\b|\bchega de (?:mensage\w+|aviso\w*)",
    rf"\b(?:nao|nunca|nem)(?: me| nos| mais| quero| queremos| desejo| autoriz\w+| gostaria| vou| que| voces|"
    rf" aceito| permito| de| ser| querendo)+ (?:mais )?(?:{_VERBO_ENVIAR}|avisad[oa]|contat\w+|ess[ea]s {_AVISOS}"
    rf"|{_AVISOS})",
    rf"\bnao (?:autoriz\w+|aceito|permito)(?: \w+){{0,3}} {_AVISOS}",
    r"\bnao (?:me )?(?:mand\w+|envi\w+)(?: \w+)? (?:mais|nada)|\bnao (?:me )?(?:perturb\w+|incomod\w+)",
    r"\bdi?e?scadastr?\w+|\bdescadast\w*|\bdesinscrev\w+|\bcancelar (?:a )?(?:inscricao|assinatura)",
    r"\bcancel\w+ (?:o |as |os |esse |essas )?(?:envio|mensage\w+|lembrete\w*|notificac\w+|avisos)",
    r"\b(?:tir|remov|exclu|apag|retir|delet)\w+ (?:(?:o|a|os|as|me|todos|todo|de) )*(?:meu|meus|nosso|nossos|esse"
    r"|este)? ?(?:numero|contato|cadastro|dados|telefone|nome)\b",
    r"\b(?:me|nos) (?:tir|remov|exclu|apag|retir|delet)\w+(?: (?:logo|por favor|ja))*"
    r"(?: (?:d[aeo]|dess\w|dest\w)(?: \w+){0,2} (?:lista|grupo|cadastro|sistema|agenda|base|lusta|lsta)"
    r"| daqui| daki| dai| disso| dess\w(?: \w+)?$|[ .]*$)",
    r"\bexclusao (?:do|de) (?:meu|nosso)|\bsair d(?:a|essa|esse|esta|o)(?: \w+)? (?:lista|grupo|lsta)",
    r"\bquero sair(?=$| \.| d)",
    r"\b(?:vou|irei) (?:te |lhe |)?(?:bloque\w+|denunci\w+)|\bdenunciar (?:como|por) spam|\bsome daqui|\blgpd\b",
    r"\bme deix\w+ em paz|\bme esquec\w+|\b(?:nao|nem) entr\w+ (?:mais )?em contato|\beu bloqueio\b|\bdesinscrev\w+",
    r"\b(?:dispenso|desativ\w+|deslig\w+)(?: \w+){0,2} (?:avisos?|mensage\w+|lembretes?|robo)",
    r"\bnao (?:dei|autorizei|dou|autorizo)(?: \w+){0,2} (?:permissao|autorizacao|mandar|mandarem|uso|usar)",
    r"\b(?:nao (?:quero|gostaria|prefiro)|prefiro nao|gostaria de nao)(?: \w+){0,2} receber\b",
    r"\b(?:revogo|retiro) (?:o )?(?:meu )?consentimento|\bdeixa de (?:me )?mand\w+|\bparem\b[ .]*$",
    rf"\bnao (?:precisa|eh para|quero)(?: \w+){{0,3}} (?:mand\w+|avis\w+|envi\w+)(?: \w+){{0,2}}"
    rf" (?:{_AVISOS}|aqui|nada)",
)

_SECUNDARIAS: Final[Sequence[tuple[Intencao, re.Pattern[str]]]] = (
    (_I.RESCHEDULE, re.compile(r"\b(?:remar[ck]|reagend)\w+")),
    (_I.CANCEL, re.compile(r"\b(?:cancel|desmar[cq])\w+|\bnao (?:vou|ire[im]?|vai|podere[im]|posso)\b")),
    (_I.CONFIRM, re.compile(r"\bconfirmo\b|\bvou sim\b|\b(?:eu )?vou (?:na|para a) consulta|\bvai sim\b")),
    (_I.QUESTION, re.compile(r"\?")),
)


def _is_urgente(corrido: str) -> bool:
    for achado in _URGENTE.finditer(corrido):
        antes, depois = corrido[: achado.start()].rstrip(), corrido[achado.end() :]
        if not _SINTOMA_NEGADO.search(antes[-40:]) and not _PASSADO.match(depois):
            return True
    return False


def _is_obito(corrido: str) -> bool:
    return _OBITO.search(corrido) is not None and not _OBITO_NAO.search(corrido)


def _is_engano(corrido: str) -> bool:
    return _ENGANO.search(corrido) is not None


def _is_sair(corrido: str) -> bool:
    return _SAIR.search(corrido) is not None


# LABELS' order: danger first, then death, then a stranger, then the wish for silence.
_ALERTAS: Final = (
    (_I.URGENT, _is_urgente),
    (_I.DECEASED, _is_obito),
    (_I.WRONG_NUMBER, _is_engano),
    (_I.OPT_OUT, _is_sair),
)


def alerta(texto: Texto) -> Leitura | None:
    """Read what goes to a person or stops the messages, or pass."""
    for intencao, applies in _ALERTAS:
        if applies(texto.corrido):
            return Leitura(intencao, _secondary(texto, intencao), 0.85, texto.trecho, "alerta", intencao.value)
    return None


def _secondary(texto: Texto, intencao: Intencao) -> Intencao | None:
    if intencao in {_I.DECEASED, _I.WRONG_NUMBER} and _is_sair(texto.corrido):
        return _I.OPT_OUT
    if intencao is _I.WRONG_NUMBER:
        return None
    return next((outra for outra, padrao in _SECUNDARIAS if padrao.search(texto.corrido)), None)
