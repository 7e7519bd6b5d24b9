"""How a state is shown: a sign, a word and a colour, never the colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.services.explicacao_textos import ATENCAO, SEM_CELULAR, plain


@dataclass(frozen=True, slots=True)
class Sinal:
    """`tom` is a class of the style sheet."""

    simbolo: str
    texto: str
    tom: str


STATUS: Final[Mapping[str, Sinal]] = {
    "confirmado": Sinal("✓", "Confirmado", "confirmado"),
    "aguardando": Sinal("◷", "Aguardando resposta", "aguardando"),
    "sem_resposta": Sinal("?", "Sem resposta", "sem-resposta"),
    "reagendar": Sinal("↻", "A remarcar", "reagendar"),
    "cancelado": Sinal("✕", "Cancelado", "cancelado"),
    "pendente": Sinal("○", "Ainda não perguntado", "pendente"),
    "sem_celular": Sinal("☎", "Sem celular", "sem-celular"),
}
CONTADOS: Final[Mapping[str, str]] = {
    "confirmado": "Confirmados",
    "aguardando": "Aguardando",
    "sem_resposta": "Sem resposta",
    "reagendar": "A remarcar",
    "cancelado": "Cancelados",
    "pendente": "A perguntar",
    "sem_celular": "Sem celular",
}
_MORTAS: Final[Mapping[str, Sinal]] = {
    "cancelado": Sinal("✕", "Cancelado pelo hospital", "hospital"),
    "erro_registro": Sinal("✕", "Retirado da agenda", "hospital"),
    "bloqueado": Sinal("✕", "Horário bloqueado", "hospital"),
}
_VIVAS: Final[Mapping[str, str]] = {
    "espera": "lista de espera",
    "presente": "já chegou",
    "realizado": "realizado",
    "falta": "faltou",
    "desconhecido": "situação desconhecida na agenda",
}
_DESFECHOS: Final[Mapping[str, Sinal]] = {
    "CONFIRMADO": Sinal("✓", "Confirmou", "confirmado"),
    "CANCELADO": Sinal("✕", "Cancelou", "cancelado"),
    "REAGENDAR": Sinal("↻", "Quer outra data", "reagendar"),
    "JA_RESPONDIDO": Sinal("✓", "Já tinha respondido", "pendente"),
    "PERGUNTA_REPETIDA": Sinal("◷", "Perguntamos de novo", "aguardando"),
    "ENCAMINHADO": Sinal("!", "Precisa de uma pessoa", "sem-resposta"),
    "NAO_ENTENDIDO": Sinal("?", "Não entendido", "sem-resposta"),
    "SEM_ATENDIMENTO": Sinal("?", "Sem consulta em aberto", "sem-resposta"),
    "CONSULTA_PASSADA": Sinal("◷", "A consulta já passou", "pendente"),
    "QUAL_CONSULTA": Sinal("?", "Perguntamos qual consulta", "aguardando"),
}
_ESTADOS: Final[Mapping[str, Sinal]] = {
    "agendada": Sinal("◷", "Programada", "aguardando"),
    "na_fila": Sinal("◷", "Na fila", "aguardando"),
    "em_envio": Sinal("◷", "Saindo", "aguardando"),
    "enviada": Sinal("✓", "Enviada", "confirmado"),
    "entregue": Sinal("✓", "Entregue", "confirmado"),
    "lida": Sinal("✓", "Lida", "confirmado"),
    "falhou": Sinal("✕", "Não pôde ser enviada", "cancelado"),
    "cancelada": Sinal("✕", "Retirada", "pendente"),
    "expirada": Sinal("✕", "Não saiu a tempo", "pendente"),
    "incerta": Sinal("?", "Sem prova de envio", "sem-resposta"),
}


def status_of(registro: Mapping[Any, Any]) -> Sinal:
    """Return what to show of a visit: the hospital's own cancellation beats the answer."""
    if dead := _MORTAS.get(registro["situacao_agenda"]):
        return dead
    if registro["status_confirmacao"] == "pendente" and registro["contato_id"] is None:
        return STATUS["sem_celular"]
    return STATUS[registro["status_confirmacao"]]


def situacao_of(registro: Mapping[Any, Any]) -> str:
    """Return the hospital's own state where it says more than that the booking is alive."""
    return _VIVAS.get(registro["situacao_agenda"], "")


def desfecho_of(desfecho: str | None) -> Sinal:
    if desfecho is None:
        return Sinal("◷", "Chegando", "pendente")
    return _DESFECHOS.get(desfecho, Sinal("•", plain(desfecho.lower()).capitalize(), "pendente"))


def estado_of(estado: str) -> Sinal:
    return _ESTADOS[estado]


def reason_to_call(registro: Mapping[Any, Any]) -> Sinal:
    """Return why reception should call about a visit."""
    atencao = registro["atencao"]
    if atencao == "urgente":
        return Sinal("!", ATENCAO[atencao], "urgente")
    if registro["status_confirmacao"] == "sem_resposta":
        return STATUS["sem_resposta"]
    if atencao:
        return Sinal("!", ATENCAO.get(atencao, plain(atencao).capitalize()), "reagendar")
    motivo = registro["telefone_motivo"] or "sem_telefone"
    return Sinal("☎", SEM_CELULAR.get(motivo, "Telefone inválido"), "sem-celular")
