"""The closed list of words the grammar understands: each word or phrase and the symbol it becomes.

A word that is not here vetoes any act: what the program cannot explain, it does not act upon.
The symbols, one letter each (`gramatica.py` says how they combine):

    .  pause, greeting, thanks    ,  por favor  b  mas      y  que         h  filler
    j  preposition, article       e  who is meant
    t  day, hour                  a  amanhã     o  consulta u  cancelado     s  regret
    N  não     m  mais    J  nunca, de jeito nenhum         E  nem que       M  nem pensar em
    Y  sim     S  ok      W  ciente (read, not agreed)      1 0  the options Z  digo, errei
    v  vou     A  irei    i  ir      P  poder   p  posso    w  pode          H  cheguei
    q  quero   n  preciso g  queria  Q  precisa             I  impossível
    B  confirmo  C  confirmado  G  confirma  K  confirmar
    X  cancelar  d  cancela     c  cancelei  x  cancelamento
    F  faltar    f  falto       z  faltarei  D  desistir    L  perder        k  remarcar
    l  liberar   V  vaga        O  para outra pessoa
    R  estou, porque            r  a reason not to come
    U  anything else            ?  a question
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from app.domain.resposta.lexico_motivos import INICIO_DE_MOTIVO, LOCUCOES_DE_MOTIVO, MOTIVOS

_GRUPOS: Final[Mapping[str, str]] = {
    ".": """
        e oi oie oii ola opa eai alo hey hola bom_dia boa_tarde boa_noite bons_dias boas_tardes bd bt bn bom_diaa
        obrigado obrigada obrigadao obrigadinha brigado brigada obg obgd obgda obrigadu grato grata agradecido
        agradecida agradeco valeu vlw valew thanks thank_you gracias amem deus_abencoe deus_te_abencoe
        deus_lhe_pague que_deus_te_abencoe que_deus_abencoe fica_com_deus graças_a_deus gracas_a_deus com_fe_em_deus
        fe_em_deus se_deus_quiser se_deus_permitir se_deus_quizer com_a_graca_de_deus pela_graca_de_deus
        pela_graca_do_senhor_jesus na_graca_de_deus muito_obrigado muito_obrigada mto_obrigado mto_obrigada
        desde_ja_agradeco desde_ja moca moco querida querido minha_querida meu_querido amada amado anjo amor
        meu_amor meu_bem flor senhor senhora sr sra doutora_querida prezados prezado prezada atenciosamente att
        ate_la ate_logo ate_mais ate_amanha ate_breve abracos tchau viu ne uai oxente oxe bah eita ah olha olhe
        entao gente pessoal emojineutro obrigada_por_avisar obrigado_por_avisar obrigada_por_lembrar
        obrigado_por_lembrar obrigada_por_confirmar obrigado_por_confirmar obg_por_confirmar obg_por_avisar
        obrigada_pelo_lembrete obrigado_pelo_lembrete obrigada_pela_atencao obrigado_pela_atencao
        obrigada_pelo_aviso obrigado_pelo_aviso agradeco_o_lembrete agradeco_pelo_lembrete
        muito_obrigada_pela_atencao na_verdade dessa_vez desta_vez tudo_bem_? td_bem_? tudo_bom_? como_vai_?
        de_sempre pela_atencao_de_sempre pela_atencao pela_paciencia pela_paciencia_de_voces por_avisar
        deus_lhe_pague_por_avisar desculpa_a_demora desculpe_a_demora desculpa_a_demora_em_responder
        desculpe_a_demora_em_responder desculpa_a_demora_para_responder desculpa_demora desculpe_demora
        nao_se_preocupe nao_se_preocupa fica_tranquila fique_tranquila fica_tranquilo fique_tranquilo
        pode_ficar_tranquila pode_ficar_tranquilo nao_precisa_se_preocupar nao_tem_problema nao_esqueci
        nao_esqueci_nao nao_me_esqueci nao_esquecerei nunca_faltei nunca_falto desculpa desculpe desculpas desculpem
        peco_desculpas perdao nada_vai_me_impedir nao_ha_nenhum_impedimento nao_mudou_nada sem_problema
        sem_problemas sem_problema_nenhum sem_problema_algum
    """,
    ",": "por_favor pfv pf pfvr pvf porfavor por_gentileza favor gentileza please",
    "s": "infelizmente lamento lamentamos sinto_muito que_pena",
    # No preposition stands before a conjugated verb: "na vou", "no confirmo" is a "não" with a letter missing.
    "j": "a o as os ao aos da de do das dos na no nas nos em para com pelo pela por",
    "b": "mas porem entretanto contudo",
    "Z": """
        quer_dizer quero_dizer digo quis_dizer errei ops opa_errei digitei_errado errei_aqui desculpa_errei
        ops_errei desculpa_digitei_errado me_enganei
    """,
    "y": "que",
    "h": """
        um uma meu minha meus minhas seu sua esse essa este esta desse dessa deste desta nesse nessa neste nesta ai
        la aqui ja me tambem tbm tb ta tah so_para_confirmar presenca presencas comparecimento ida todas todos
        tudo ambas ambos dois duas tres realmente mesmo muito muita marcado marcada agendado agendada doutor doutora
        dr dra pediatra dentista com_o_medico com_a_medica do_medico da_medica recepcao clinica antecedencia mim
        dela dele por_telefone pelo_telefone por_aqui para_mim por_ela por_ele merda porra caralho pqp eh eh_que
        aqui_eh aqui_e sou sou_o sou_a falo falo_pela falo_pelo respondo_por estou_respondendo
        estou_respondendo_pela estou_respondendo_pelo pediu pede pediu_para pede_para mandou eu_mesma eu_mesmo
        continuo que_pediu_para comunico_que informo_que aviso_que venho_informar_que venho_avisar_que
        lamento_informar_que so_para_avisar_que so_para_dizer_que so_para_informar_que so_para_falar_que
        queria_avisar_que queria_dizer_que eu_queria_dizer_que quero_avisar_que quero_informar_que
        gostaria_de_avisar_que gostaria_de_informar_que eh_so_para_avisar_que e_so_para_avisar_que so_avisando_que
        passando_para_avisar_que ja_adianto_que por_isso venho venho_por_meio_desta por_meio_desta
        data_e_horario_informados na_data_e_horario_informados no_dia_e_hora_marcados no_dia_e_horario_marcados
        na_data_e_hora_marcadas no_horario_marcado no_horario_mesmo no_horario no_dia_marcado no_dia na_hora na_data
        na_data_marcada no_horario_agendado pois_no_momento no_momento mi su pode_marcar_ai_que pode_marcar_que
        pode_anotar_que pode_anotar_ai_que
    """,
    "e": """
        eu ele ela eles elas voce_me nois nos_dois a_gente agente eu_e_ela mae pai filho filha filhos filhas esposa
        esposo marido mulher irmao irma avo avoh vovo vovozinha minha_vo meu_vo tia tio sogra sogro neto neta
        sobrinho sobrinha prima primo paciente cuidadora cuidador namorado namorada bebe crianca acompanhante
        acompanhantes pessoas responsavel mamae papai dona nora genro madrasta padrasto
    """,
    "U": """
        nao_vou_com nao_irei_com confirmo_no_dia confirmo_na_hora confirmo_na_data ja_confirmo mais_isso vamos_la
        deixa_para_la pode_deixar_para_la esta_cancelado esta_cancelada ta_cancelado ta_cancelada nao_viu nao_valeu
        nao_digo que_digo para_confirmar para_cancelar para_desmarcar para_cancelamento um_dia me_confirma
        me_confirme confirmo_com confirmar_com confirma_com ja_vou a_vaga_para_mim minha_vaga_para_mim ao_medico
        no_medico todos_os_pacientes de_tudo fazer_o_possivel ver_se
    """,
    "BY": "confirmo_com_certeza confirmo_com_toda_certeza",
    "t": "dia hora horas horario data #hora #data as_#hora as_#data para_as_#hora de_#hora",
    "a": "hoje amanha hj amanh amh depois_de_amanha amanha_de_manha amanha_cedo amanha_a_tarde",
    "o": """
        consulta consultas exame exames agendamento agendamentos atendimento procedimento cirurgia retorno cita
        appointment ultrassom ultrassonografia tomografia ressonancia raio_x mamografia endoscopia colonoscopia
        ecocardiograma eletrocardiograma fisioterapia sessao pre_natal avaliacao
    """,
    "u": "cancelado cancelada desmarcado desmarcada cancelados canceladas",
    "N": "nao n naum nau nn naoo negativo",
    "ev": "nos_vamos nos_iremos",
    "nm": "vai_mais_precisar vai_precisar_mais vou_precisar_mais vou_mais_precisar vai_mais_precisa",
    "vP": "vou_consegui vou_poderei vai_consegui",
    "Nv": "num_vou num_vo nao_vou nao_vo no_voy naovou naovo num_vai",
    "0": "emojinao",
    "NQ": "nao_e_para nao_eh_para",
    "Np": "num_posso num_posso num_consigo no_puedo naoposso nao_da i_cannot num_pode",
    "m": "mais",
    "J": "jamais nunca de_jeito_nenhum de_forma_alguma de_modo_algum por_nada por_nada_desse_mundo",
    "E": "nem_que_chova nem_que_chova_canivete",
    "M": "nem_pensar_em nem_pensa_em nem_pense_em nem_penso_em",
    "Y": """
        sim sm ss s si sins simsim yes yep yeah com_certeza ctz com_ctz certamente com_toda_certeza aham uhum arram
        ahan afirmativo positivo
    """,
    "S": """
        ok okay oks okk okey oki ok_entao blz beleza bele bls certo certinho tudo_certo td_certo tudo_ok td_ok
        ta_bom ta_bem ta_certo ta_ok ta_otimo tudo_certinho combinado combinadissimo perfeito show joia fechado
        fechou exato exatamente correto isso isso_mesmo isso_ai claro eh_claro mas_eh_claro logico obvio evidente
        certeza tranquilo suave bora concordo de_acordo pode_deixar pode_contar_comigo pode_contar_cmg
        pode_contar_com_a_gente pode_contar_com_minha_presenca deixa_como_esta deixa_assim_mesmo_marcado
        pode_deixar_marcado deixa_marcado pode_marcar_presenca deixar_marcado excelente maravilha emojisim presente
        presentes to_dentro estou_dentro tmj tamo_junto positivo_e_operante sem_falta manda_ver afirmo
    """,
    "W": """
        ciente recebido recebi entendi entendido tudo_bem td_bem estou_ciente li vi eu_vi ok_ciente anotado
        recebi_a_mensagem sim_eu_vi vi_a_mensagem eu_vi_a_mensagem eu_recebi pode_ser
    """,
    "v": "irei iremos ira irao vou vo vol vamos vamo vai vao voy vamu voou",
    "A": """
        farei faremos estarei estaremos estara estarao comparecerei compareceremos comparecera compareco comparece
        comparecemos virei viremos participarei participaremos istarei
    """,
    "H": """
        cheguei chegamos chegou_ja chego chegaremos chegarei chegando to_chegando estou_chegando estamos_chegando
        acabei_de_chegar to_indo estou_indo tou_indo estamos_indo to_a_caminho estou_a_caminho a_caminho no_caminho
        to_no_caminho estou_no_caminho ja_estou_ai ja_to_ai ja_estou_na ja_to_na ja_estou_no ja_to_no to_ai estou_ai
        ja_estou_aqui ja_to_aqui to_aqui_na estou_aqui_na to_na_recepcao estou_na_recepcao to_na_clinica
        estou_na_clinica i_will_be_there ill_be_there i_ll_be_there
    """,
    "i": """
        ir comparecer estar participar vir fazer realizar estar_presente asistir assistir_a_consulta ir_fazer
        comparecermos irmos make_it go estar_ai estar_la
    """,
    "P": "poder conseguir consegi",
    "p": """
        posso podemos poderei poderemos podera poderao consigo conseguirei conseguiremos conseguira consegue
        conseguimos #da da_para vai_dar tem_como tenho_como temos_como da_certo ha_como havera_como vai_ser_possivel
        sera_possivel eh_possivel tenho_interesse tenho_mais_interesse tenho_condicoes tenho_condicao tem_condicoes
        tem_condicao temos_condicoes estou_em_condicoes vai_ter_como vou_ter_como vai_da terei_como
        vou_ter_condicoes tera_condicoes
    """,
    "w": "pode podem poderia poderiam pd pudi podi",
    "q": "quero kero qro queremos desejo desejamos pretendo pretendemos quer solicito peco pedimos peco_que quiero",
    "g": "gostaria queria qria gostaria_de queriamos",
    "n": """
        preciso precisamos terei_que terei_de tenho_que tenho_de teremos_que vou_ter_que vou_ter_de vo_ter_que
        vou_precisar precisarei precisaremos vai_precisar vou_ter_q tive_que tive_de precisei vamos_ter_que
    """,
    "Q": "precisa precisam eh_para eh_preciso adianta eh_necessario necessita era_para",
    "I": "impossivel",
    "B": "confirmo",
    "C": """
        confirmado confirmada confirmadissimo confirmadissima confirmei confirmando confirmamos confirmados
        confirmadas confirmou to_confirmado to_confirmada estou_confirmado estou_confirmada to_confirmando
        estou_confirmando tou_confirmando estamos_confirmando confirmed confirm i_confirm tinha_confirmado
        havia_confirmado esta_confirmado esta_confirmada ta_confirmado ta_confirmada mantenho mantido mantida cfmd
        confirmei_ontem confirmado_ontem confirm_o confirmadao
    """,
    "G": "confirma confirme confirmem cfm mantem mantenha mantenham mantenham_a confiram confirmp confirmr",
    "K": "confirmar confirma_r manter deixar_confirmado deixar_confirmada deixar_agendado",
    "X": "cancelar desmarcar dismarcar desfazer_o_agendamento cancelarem desmarcarem",
    "d": """
        cancela cancele cancelem desmarca desmarque desmarquem cancel kancela cancelamos desconsiderar_o_agendamento
        desconsiderem_o_agendamento desconsidere_o_agendamento desconsiderar_agendamento
    """,
    "c": "cancelei_ontem cancelo cancelei desmarquei desisti desisto desmarco desistimos desistiu tinha_cancelado"
    " tinha_desmarcado havia_cancelado",
    "x": "cancelamento",
    "F": "faltar faltar_agora deixar_de_ir deixar_de_comparecer",
    "f": """
        falto perco deixo_de_ir deixarei_de_ir deixo_de_comparecer faltaria perderia faltamos perderei
    """,
    "z": "faltarei faltaremos",
    "D": "desistir",
    "L": "perder",
    "k": "remarcar reagendar",
    "lV": "liberar_o_horario libera_o_horario liberem_o_horario liberar_meu_horario liberar_horario",
    "l": "liberar libera liberem dar passar disponibilizar ceder passa",
    "V": "a_vaga minha_vaga a_minha_vaga",
    "O": """
        para_outro para_outra_pessoa para_outra para_outro_paciente para_outra_paciente para_quem_precisa
        para_alguem_que_precise para_alguem a_outro_paciente a_outra_pessoa
    """,
    "R": INICIO_DE_MOTIVO,
    "r": MOTIVOS + LOCUCOES_DE_MOTIVO,
}
# Words the other stages look for: never an act, but worth spelling right.
_PROCURADAS: Final = """
    confirmacao cancelando mensagens mensagem notificacoes notificacao lembretes receber recebendo mandar mandem
    enviar enviem numero telefone celular contato cadastro descadastrar descadastra descadastrem desinscrever
    remover remova removam excluir excluam apagar apaguem retirem retirar bloquear denunciar incomodar incomodem
    perturbe engano errado errada pessoa conheco ninguem pertence faleceu falecida falecido falecimento morreu obito
    partiu desmaiou desmaiado desmaiada desmaiando desmaiar respirar respirando convulsao convulsionando sangrando
    sangramento sangue hemorragia vomitando peito infartando infarto socorro ambulancia passando urgente urgencia
    emergencia febre pressao alergica contracoes veneno suicidio grave estourou mexendo morrer sufocando engasgado
    remarque remarca remarquem remarcacao reagende reagenda reagendamento reprogramar adiar antecipar trocar mudar
    transferir outro outra horarios atendente humano endereco localizacao documento documentos jejum estacionamento
    convenio quando quanto quantos onde talvez depois ainda depende atrasar atrasada atrasado atraso minutos
    minutinhos segunda terca quarta quinta sexta semana proxima novamente conversar ajuda ajudar responder duvida
    duvidas
"""
# True words one letter away from ours, left as they are and never taken for a misspelling.
_VIZINHAS: Final = """
    conforme conformo confiro confere confio prefeito correio passo passos possa possas vemos temos canela cancelou
    cancelaram cancelaria desmarcou desmarcaram marcou marcaram confirmaram confirmaria confirmasse falta faltou
    faltam faltaram faltei perdi perdeu perde iria iriamos estaria compareceria pudesse puder conseguisse consulte
    consultorio confirmacoes presencial presidente obrigatorio obrigacao parar parem pare manda envie lista conhece
    passou matar perguntar verificar responde respondo respondi consultar marcar marque nenhum nenhuma nada contente
    contrato contando contar assim simples simpatico simplesmente possivel provavel provavelmente caso sabado
    domingo pensar avisar tentar entende entendo entendeu concorda discordo peitoral partida matricula vontade feche
    fechadura hum humm hm hmm entregar entrar andar agendar agendo acorda acordo acordar chega avisado avisada
    mandar mudou preciosa poderiamos queriam faltava perderam vinha viria vieram chegaram ocupar positiva exata
    perfeita sinal simbolo mil mal mel outubro outros ouro veremos verei fui foi vim veio vez dez mes
"""


def _words(grupo: str) -> Iterator[str]:
    return iter(grupo.split())


PALAVRAS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_words(_VIZINHAS + _PROCURADAS), "U"),
    **{palavra: simbolo for simbolo, grupo in _GRUPOS.items() for palavra in _words(grupo) if "_" not in palavra},
}

_UM: Final = {"1": ("1", "01", "um"), "0": ("0", "00", "zero")}
_ROTULOS: Final = tuple(
    _words(
        """
    opcao op opc numero digito digitei digito_o apertei aperto marquei respondo resposta resp alternativa letra
    tecla teclei tecla_o escolho escolhi seria aqui_eh a_opcao o_numero digitei_o apertei_o marquei_o marquei_a
    escolho_o escolho_a respondo_o o_digito no_numero a_alternativa opcao_numero digito_numero numero_eh
    a_resposta_eh minha_resposta_eh
"""
    )
)


def _locucoes() -> Iterator[tuple[tuple[str, ...], str]]:
    for simbolo, grupo in _GRUPOS.items():
        for locucao in _words(grupo):
            if "_" in locucao:
                yield tuple(locucao.split("_")), simbolo
    for opcao, formas in _UM.items():
        for rotulo, forma in product(_ROTULOS, formas):
            yield (*rotulo.split("_"), forma), opcao
        for artigo, forma in product(("a", "o", "eh"), formas[:2]):
            yield (artigo, forma), opcao
        for forma, verbo in product(formas[:2], ("confirmar", "cancelar")):
            yield (forma, "para", verbo), opcao + {"confirmar": "K", "cancelar": "X"}[verbo]


def _by_first() -> Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]:
    grupos: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for palavras, simbolo in _locucoes():
        grupos.setdefault(palavras[0], []).append((palavras, simbolo))
    return {primeira: tuple(sorted(grupo, key=lambda par: -len(par[0]))) for primeira, grupo in grupos.items()}


# Longest first: "não se preocupe" must be seen before "não".
LOCUCOES: Final = _by_first()

ABREVIATURAS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("naum", "nau", "nn", "ñ", "naao", "noa", "nao"), "nao"),
    **dict.fromkeys(("q", "qe", "ke"), "que"),
    **dict.fromkeys(("pq", "pque", "porq", "pk", "porke"), "porque"),
    **dict.fromkeys(("p", "pra", "pr", "prá"), "para"),
    **dict.fromkeys(("vc", "vcs", "voces", "ce"), "voce"),
    **dict.fromkeys(("hj", "oje"), "hoje"),
    **dict.fromkeys(("amh", "amanh", "amnh", "manha_"), "amanha"),
    **dict.fromkeys(("tou", "istou", "toh"), "to"),
    **dict.fromkeys(("msg", "msgs", "mensagi", "mesagem"), "mensagem"),
    **dict.fromkeys(("kero", "qro", "qero"), "quero"),
    **dict.fromkeys(("ngm", "niguem"), "ninguem"),
    **dict.fromkeys(("nmr", "nro"), "numero"),
    **dict.fromkeys(("kd", "cade"), "cade"),
    **dict.fromkeys(("qm", "kem"), "quem"),
    **dict.fromkeys(("qd", "qdo", "qnd"), "quando"),
    **dict.fromkeys(("qto", "qnto"), "quanto"),
    **dict.fromkeys(("hr", "hrs", "hs"), "horas"),
    **dict.fromkeys(("dps", "dpois"), "depois"),
    **dict.fromkeys(("td", "tdo"), "tudo"),
    **dict.fromkeys(("mto", "mt", "muitu"), "muito"),
    **dict.fromkeys(("cmg", "cmigo"), "comigo"),
    **dict.fromkeys(("cons", "conslta"), "consulta"),
    **dict.fromkeys(("vol", "vo", "voo"), "vou"),
    **dict.fromkeys(("d",), "de"),
    **dict.fromkeys(("oq", "oque"), "oque"),
    **dict.fromkeys(("s",), "sim"),
    **dict.fromkeys(("n",), "nao"),
    **dict.fromkeys(("tah",), "ta"),
    **dict.fromkeys(("aki",), "aqui"),
    **dict.fromkeys(("precizo", "presiso", "precso"), "preciso"),
    **dict.fromkeys(("cancelr",), "cancelar"),
    **dict.fromkeys(("c",), "com"),
}
# Spelling as short as these is corrected only when two neighbouring letters changed places.
CORRIGIVEIS: Final = frozenset(PALAVRAS).difference(_words(_VIZINHAS))
# Written without accents here, but their sound has the cedilla.
COM_CEDILHA: Final = {
    palavra: palavra[::-1].replace("c", "ç", 1)[::-1]
    for palavra in (
        "compareco",
        "presenca",
        "presencas",
        "servico",
        "doenca",
        "mudanca",
        "conheco",
        "locomocao",
        "graca",
    )
}
