"""What each template is for, and why one would not leave now, in the words of whoever edits them."""

from collections.abc import Mapping
from typing import Final

USOS: Final[Mapping[str, str]] = {
    "cancelado": "Responde a quem disse que não vem.",
    "cancelamento_automatico": "Avisa que a vaga foi liberada por falta de resposta, se o hospital quis assim.",
    "cancelamento_hospital": "Avisa que o hospital cancelou o atendimento.",
    "confirmado": "Responde a quem confirmou, com endereço e preparo.",
    "duvida": "Responde a uma pergunta e repete a nossa.",
    "encaminhado": "Diz que uma pessoa vai ler.",
    "informacao": "Responde a uma pergunta com o que o hospital escreveu.",
    "informacao_pergunta": "Responde a uma pergunta com o que o hospital escreveu, e repete a nossa.",
    "ja_respondido": "Agradece a quem já tinha respondido.",
    "entendi_que_nao_vem": "Confere, antes de anotar, que a pessoa não vem.",
    "entendi_que_vem": "Confere, antes de anotar, que a pessoa vem.",
    "lembrete": "Pergunta de novo a quem não respondeu.",
    "midia": "Pede que escreva a quem mandou áudio ou imagem.",
    "misto": "Repete o que foi anotado de cada atendimento.",
    "mudanca": "Avisa que o horário mudou e pergunta se serve.",
    "nao_entendi": "Pergunta de novo quando a resposta não foi entendida.",
    "numero_errado": "Responde a quem não é o paciente.",
    "obito": "Responde a quem avisa uma morte.",
    "passada": "Responde quando o horário já passou.",
    "pessoa": "Leva o que uma pessoa da recepção escreveu.",
    "pede_volta": "Responde a quem quer de volta uma vaga que tinha liberado.",
    "pedido": "A primeira pergunta sobre o atendimento.",
    "pergunta_repetida": "Repete a pergunta a quem só cumprimentou.",
    "preferencia": "Diz que o dia ou horário preferido foi anotado.",
    "qual_consulta": "Pergunta de qual atendimento a pessoa fala.",
    "reagendar": "Responde a quem quer outra data.",
    "sair": "Responde a quem pediu para não receber mensagens.",
    "urgente": "Responde a quem pode estar passando mal.",
    "vespera": "Lembra quem já confirmou, na véspera.",
    "email_pedido": "E-mail no lugar da pergunta, a quem o WhatsApp não alcança, com o telefone da recepção.",
    "email_lembrete": "E-mail no lugar do lembrete, a quem o WhatsApp não alcança.",
    "email_vespera": "E-mail no lugar da nota da véspera, a quem o WhatsApp não alcança.",
    "email_mudanca": "E-mail que conta o horário novo, a quem o WhatsApp não alcança.",
    "email_confirmado": "E-mail que diz que a vaga é do paciente de novo, a quem o WhatsApp não alcança.",
}
NAO_SAIRIA: Final[Mapping[str, str]] = {
    "nada_a_dizer": "Agora esta mensagem não sairia: o atendimento já foi respondido, cancelado, mudou ou passou.",
    "pediu_para_parar": "Esta mensagem não sairia: o telefone pediu para não receber mensagens.",
    "sem_celular": "Esta mensagem não sairia: o atendimento não tem um celular que receba mensagens.",
}
IMPEDIMENTOS: Final[Mapping[str, str]] = {
    "sem_texto_aprovado": "não há texto aprovado",
    "texto_nao_aprovado": "o gateway não aprovou este texto, ou ainda não foi perguntado",
    "texto_de_uma_visita": "o texto fala de um atendimento só, e esta mensagem é de vários",
    "texto_sem_aviso": "a vaga não volta se for desmarcada, e o texto não avisa: use aviso ou visitas",
    "valor_ausente": "falta um dos valores, ou ele não é o mesmo para todos os atendimentos da mensagem",
    "valores_longos": "os valores ficam longos demais",
}
