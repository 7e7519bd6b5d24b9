"""The sentences behind the codes of the history. An unknown code is shown as it is, never hidden."""

import re
from collections.abc import Mapping
from typing import Any, Final

from app.domain.cadencia import Motivo
from app.domain.confirmacao import EstadoMensagem, Fato

STATUS: Final[Mapping[str, str]] = {
    "pendente": "pendente",
    "aguardando": "aguardando resposta",
    "confirmado": "confirmado",
    "cancelado": "cancelado",
    "reagendar": "a remarcar",
    "sem_resposta": "sem resposta",
}

MOTIVOS: Final[Mapping[str, str]] = {
    Motivo.NO_PRAZO: "No prazo combinado.",
    Motivo.ATRASADO: "A hora dele já passou, mas a do próximo ainda não.",
    Motivo.AO_AGENDAR: "Marcado em cima da hora: pergunta-se logo.",
    Motivo.EM_DIA_FECHADO: "Domingo ou feriado, por não haver hora melhor.",
    Motivo.DIA_SEGUINTE: "Este contato já recebeu mensagem hoje: fica para o dia seguinte.",
    Motivo.SITUACAO_NAO_PERMITE: "Nada será enviado: na agenda do hospital este atendimento não está ativo.",
    Motivo.SEM_HORA: "Nada será enviado: a agenda não diz a hora da consulta.",
    Motivo.CONSULTA_PASSADA: "Nada mais será enviado: o horário da consulta já passou.",
    Motivo.SEM_CELULAR: "Nada será enviado: não há celular que receba WhatsApp. É preciso ligar.",
    Motivo.RESPONDIDA: "Nada mais será enviado: o paciente já respondeu.",
    Motivo.CADENCIA_CUMPRIDA: "Nada mais será enviado: todos os avisos previstos já saíram.",
    Motivo.PASSOU_DA_VEZ: "A vez deste passo já passou.",
    Motivo.EM_CIMA_DA_HORA: "Falta pouco tempo para a consulta: não se pergunta mais.",
    Motivo.SEM_JANELA: "Não há horário permitido antes da consulta.",
    Motivo.LIMITE_DIARIO: "Este contato já recebeu a mensagem do dia.",
    Motivo.FORA_DA_JANELA: "Fora do horário permitido.",
    "pediu_para_parar": "O paciente pediu para não receber mensagens.",
    "obito": "Foi avisado o falecimento do paciente.",
    "numero_errado": "Quem atende neste número disse que não é do paciente.",
    "nada_a_dizer": "Já não havia o que perguntar: respondido, cancelado, mudado ou passado.",
    "nao_mais_necessaria": "Deixou de ser necessária.",
    "expirou": "O momento dela passou.",
    "numero_recusado": "O gateway não aceita este número.",
    "trabalho_perdido": "O programa foi interrompido no meio do envio.",
    "trabalhador_perdido": "O programa foi interrompido no meio do envio.",
    "fora_da_lista_de_teste": "Este telefone não está entre os autorizados a receber testes.",
    "fora_da_conversa": "Fora das 24 horas de conversa, só um texto aprovado chega; não havia um para esta mensagem.",
    "modelo_recusado": "O gateway recusou o texto aprovado.",
    "retida_pelo_whatsapp": "O WhatsApp não entrega nossas mensagens a esta pessoa por enquanto.",
    "parou_no_whatsapp": "A pessoa bloqueou nossas mensagens no WhatsApp.",
    "canal_sem_conversa": "Por este canal não se conversa: esta mensagem não cabe nele.",
    "canal_parado": "O canal parou antes de a mensagem sair; ela espera outro, ou a volta deste.",
    "pedido_sem_canal": "O canal não podia enviar quando alguém pediu; o pedido foi desfeito.",
    "canal_desligado": "O canal foi desligado antes de a mensagem sair; ela espera outro.",
    "gateway_fora": "O gateway não respondia; a mensagem espera outro canal, ou a volta deste.",
    "sem_prova_de_entrega": "Ninguém pode dizer se chegou: foi repetida uma vez, como o hospital prefere.",
    "sem_texto_aprovado": "Não há texto aprovado neste canal para esta mensagem.",
    "texto_nao_aprovado": "O texto deste canal não está aprovado.",
    "texto_de_uma_visita": "O texto aprovado diz uma consulta só, e a mensagem é de várias.",
    "texto_sem_aviso": "O texto aprovado não avisa que a vaga não volta.",
    "valor_ausente": "Falta um valor que o texto aprovado pede.",
    "valores_longos": "Os valores não cabem no texto aprovado.",
    "modelo_invalido": "O texto do modelo tem um erro.",
    "ausente_em_carga_completa": "Não veio na carga completa daquele dia.",
}

SILENCIOS: Final[Mapping[str, str]] = {
    "pediu_para_parar": "Nada será enviado: o paciente pediu para não receber mensagens.",
    "obito": "Nada será enviado: foi avisado o falecimento do paciente. A recepção confirma ou desfaz.",
    "numero_errado": "Nada será enviado: este número não é do paciente. É preciso ligar para outro.",
}

ATENCAO: Final[Mapping[str, str]] = {
    "pede_volta": "Cancelou e quer voltar atrás",
    "urgente": "Relatou algo urgente",
    "pergunta": "Fez uma pergunta",
    "nao_entendido": "Resposta não entendida",
    "numero_errado": "Número errado",
    "obito": "Aviso de falecimento",
    "numero_recusado": "WhatsApp não aceita o número",
    "nao_entregue": "A mensagem não pôde ser entregue",
    "pediu_para_parar": "Não quer mais mensagens",
    "qual_consulta": "Não disse qual consulta",
    "resposta_a_horario_antigo": "Respondeu sobre o horário antigo",
    "resposta_a_visita_cancelada": "Respondeu sobre consulta cancelada",
}

SEM_CELULAR: Final[Mapping[str, str]] = {
    "telefone_fixo": "Telefone fixo",
    "telefone_estrangeiro": "Telefone de fora do Brasil",
    "sem_telefone": "Sem telefone",
    "vazio": "Sem telefone",
}

_FATOS: Final[Mapping[str, str]] = {
    Fato.PERGUNTA_SAINDO: "A pergunta saiu para o paciente.",
    Fato.PACIENTE_CONFIRMOU: "O paciente confirmou.",
    Fato.PACIENTE_CANCELOU: "O paciente cancelou.",
    Fato.PACIENTE_QUER_OUTRA_DATA: "O paciente pediu outra data.",
    Fato.PRAZO_VENCEU: "O prazo venceu sem resposta: entrou na lista de ligações.",
    Fato.CANCELAMENTO_AUTOMATICO: "Cancelado por falta de resposta, como o hospital determinou.",
    Fato.RECEPCAO_CONFIRMOU: "A recepção registrou a confirmação.",
    Fato.RECEPCAO_CANCELOU: "A recepção registrou o cancelamento.",
    Fato.HOSPITAL_CANCELOU: "O hospital cancelou na agenda.",
    Fato.HOSPITAL_REATIVOU: "O hospital reativou o atendimento na agenda.",
    Fato.HORARIO_MUDOU: "O hospital mudou o horário.",
    "importado": "Entrou pela agenda do hospital.",
    "resposta_recebida": "O paciente escreveu.",
    "contato_mudou": "O telefone mudou na agenda do hospital.",
    "atualizado": "A agenda do hospital trouxe dados novos.",
    "anonimizado": "Os dados pessoais do paciente foram removidos.",
    "dados_alterados": "A recepção alterou: {campos}.",
    "atencao_resolvida": "A recepção tratou do que pedia atenção.",
    "mensagem_planejada": "{passo} programado.",
    "aviso_planejado": "Aviso programado.",
    "mensagem_retida": "Mensagem retida.",
    "passo_pulado": "{passo} não foi enviado.",
    "mensagem_resgatada": "Um envio interrompido foi recuperado.",
    f"mensagem_{EstadoMensagem.AGENDADA}": "O envio ficou para depois.",
    f"mensagem_{EstadoMensagem.EM_ENVIO}": "A mensagem começou a ser enviada.",
    f"mensagem_{EstadoMensagem.ENVIADA}": "A mensagem foi enviada.",
    f"mensagem_{EstadoMensagem.ENTREGUE}": "A mensagem foi entregue.",
    f"mensagem_{EstadoMensagem.LIDA}": "A mensagem foi lida.",
    f"mensagem_{EstadoMensagem.FALHOU}": "A mensagem não pôde ser enviada.",
    f"mensagem_{EstadoMensagem.CANCELADA}": "A mensagem foi retirada antes de sair.",
    f"mensagem_{EstadoMensagem.EXPIRADA}": "A mensagem não saiu a tempo.",
    f"mensagem_{EstadoMensagem.INCERTA}": "O gateway não disse se aceitou a mensagem.",
}

# By the stage that read the answer; where that says nothing to reception, nothing is said.
_ETAPAS: Final[Mapping[str, str]] = {
    "digito": "Respondeu com o número da opção.",
    "todos": "Respondeu por todos.",
    "expressao": "Disse com palavras claras.",
    "alerta": "Disse algo que precisa de uma pessoa.",
    "modelo_local": "Foi o que o modelo de leitura entendeu.",
    "conversa": "Respondeu ao que perguntamos de volta.",
    "contexto": "",
    "normalizacao": "",
    "leitura": "",
}

_CAMPOS: Final[Mapping[str, str]] = {
    "observacoes": "observações",
    "preparo": "preparo",
    "chegar_antes_min": "antecedência",
    "sala": "sala",
    "convenio": "convênio",
    "email": "e-mail",
}
_LEMBRETE: Final = re.compile(r"lembrete_(\d{1,3})h")
_PASSOS: Final[Mapping[str, str]] = {
    "pedido": "Pedido de confirmação",
    "nota_vespera": "Aviso da véspera",
    "mudanca": "Aviso de mudança de horário",
    "cancelamento_hospital": "Aviso de cancelamento pelo hospital",
    "cancelamento_automatico": "Aviso de cancelamento",
    "segunda_12h": "Segunda mensagem",
    "manual": "Pedido enviado por um operador",
}


def name_passo(passo: str) -> str:
    """Return what reception calls a step."""
    if lembrete := _LEMBRETE.fullmatch(passo):
        return f"Lembrete de {lembrete[1]} h"
    if passo.startswith("resposta_"):
        return "Resposta ao paciente"
    return _PASSOS.get(passo) or plain(passo).capitalize()


def plain(code: str) -> str:
    """Return a code nobody translated as words."""
    return code.replace("_", " ")


def tell_fato(fato: str, *, de: str | None, para: str | None, porque: str | None, dados: Mapping[str, Any]) -> str:
    """Return one line of the history as a sentence or two."""
    passo = name_passo(str(dados["passo"])) if "passo" in dados else "Passo"
    campos = ", ".join(_CAMPOS.get(str(campo), str(campo)) for campo in dados.get("campos") or ())
    known = _FATOS.get(fato)
    said = known.format(passo=passo, campos=campos) if known else f"{plain(fato).capitalize()}."
    why = _why(porque) if porque else ""
    moved = f"Passou de {_status(de)} para {_status(para)}." if de and para and de != para else ""
    return " ".join(filter(None, (said, why, moved)))


def _why(porque: str) -> str:
    etapa, separador, _ = porque.partition(":")  # how an answer was read: stage and rule
    if separador and etapa in _ETAPAS:
        return _ETAPAS[etapa]
    return MOTIVOS.get(porque) or f"{ATENCAO.get(porque) or 'Motivo: ' + plain(porque)}."


def _status(status: str) -> str:
    return STATUS.get(status, plain(status))
