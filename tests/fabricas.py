"""Factories: what a test does not name is plausible and plays no part."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.connectors.base import AtendimentoImportado
from app.domain.alvo import Pergunta, VisitaPerguntada
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, TipoAtendimento
from app.domain.janela import Janela
from app.domain.mensagem import VisitaContada
from app.domain.politica import Politica
from app.domain.saida import VisitaDaMensagem

ZONA: Final = ZoneInfo("America/Sao_Paulo")
AGORA: Final = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # a Monday, 10:00 in São Paulo
CONSULTA_EM: Final = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)  # the Thursday after, at 10:00
FONE: Final = "27998123456"


def local(dia: str, hora: str, zona: ZoneInfo = ZONA) -> datetime:
    """Return the instant at which the zone's clock shows `hora` on `dia` (ISO)."""
    return datetime.fromisoformat(f"{dia}T{hora}").replace(tzinfo=zona).astimezone(UTC)


_AGENDA: Final = AtendimentoImportado(
    nr_seq_agenda="1001",
    nome_paciente="Joaquina Testemunha de Araújo",
    nome_medico="Dra. Helena Prado",
    especialidade="Cardiologia",
    data_consulta=CONSULTA_EM,
    linha=2,
    telefone=FONE,
    unidade="Ambulatório Central",
)


def make_agenda(numero: str | int = "1001", **changes: Any) -> AtendimentoImportado:
    """Return one booking of the hospital's schedule; each patient is one by their name."""
    return replace(_AGENDA, nr_seq_agenda=str(numero), **changes)


def make_visita(atendimento_id: int = 1, **changes: Any) -> VisitaPerguntada:
    standard: dict[str, Any] = {
        "atendimento_id": atendimento_id,
        "nr_seq_agenda": f"n{atendimento_id}",
        "letra": "A",
        "status": StatusConfirmacao.AGUARDANDO,
        "situacao": SituacaoAgenda.AGENDADO,
        "data_consulta": CONSULTA_EM,
        "atual": True,
        "paciente_id": 10 + atendimento_id,
        "unidade_id": None,
    }
    return VisitaPerguntada(**standard | changes)


def make_pergunta(mensagem_id: int = 1, *visitas: VisitaPerguntada, **changes: Any) -> Pergunta:
    standard: dict[str, Any] = {
        "mensagem_id": mensagem_id,
        "contato_id": 7,
        "modelo": "pedido",
        "enviada_em": AGORA,
        "provider_id": None,
        "visitas": visitas or (make_visita(mensagem_id),),
    }
    return Pergunta(**standard | changes)


def make_da_mensagem(atendimento_id: int = 1, **changes: Any) -> VisitaDaMensagem:
    standard: dict[str, Any] = {
        "atendimento_id": atendimento_id,
        "letra": "A",
        "status": StatusConfirmacao.PENDENTE,
        "situacao": SituacaoAgenda.AGENDADO,
        "data_consulta": CONSULTA_EM,
        "horario_versao": 1,
        "perguntada": 1,
    }
    return VisitaDaMensagem(**standard | changes)


def make_contada(**changes: Any) -> VisitaContada:
    standard: dict[str, Any] = {
        "letra": "A",
        "nome_paciente": "Joaquina Testemunha de Araújo",
        "tipo": TipoAtendimento.CONSULTA,
        "data_consulta": CONSULTA_EM,
        "especialidade": "Cardiologia",
        "nome_medico": "Dra. Helena Prado",
        "unidade": "Ambulatório Central",
        "endereco": "Rua das Acácias, 100",
        "chegar_antes_min": 15,
        "preparo": "Venha em jejum de 8 horas.",
    }
    return VisitaContada(**standard | changes)


def make_janela(zona: ZoneInfo = ZONA) -> Janela:
    return Politica().build_janela(zona)
