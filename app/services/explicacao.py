"""Why a message was sent, held or not sent, and what comes next: the history in the words reception uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cadencia import Plano, Visita, plan_cadencia
from app.domain.confirmacao import DESISTENCIAS, PASSOS_DADOS, EstadoMensagem, SituacaoAgenda, StatusConfirmacao
from app.domain.conversa import A_LER
from app.models import Historico, Mensagem, MensagemAtendimento
from app.repositories.hospital import Hospital, HospitalRepository
from app.services.atendimento_service import AtendimentoLido, AtendimentoService
from app.services.explicacao_textos import (
    MOTIVOS,
    SILENCIOS,
    name_passo,
    tell_fato,
)

_E: Final = EstadoMensagem
_UNDERWAY: Final[Mapping[str, str]] = {
    _E.AGENDADA: "{passo}: vai sair.",
    _E.NA_FILA: "{passo}: está na fila para sair agora.",
    _E.EM_ENVIO: "{passo}: está sendo enviado.",
    _E.INCERTA: "{passo}: o gateway não disse se aceitou; não será repetido sem prova.",
}
_OPEN: Final = frozenset({StatusConfirmacao.PENDENTE, StatusConfirmacao.AGUARDANDO})


@dataclass(frozen=True, slots=True)
class Linha:
    """One line of the history."""

    em: datetime
    fato: str
    texto: str
    quem: str
    de: str | None
    para: str | None
    porque: str | None
    mensagem_id: int | None


@dataclass(frozen=True, slots=True)
class Proximo:
    """What will happen at `em`, or, without it, why nothing will."""

    code: str
    texto: str
    em: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explicacao:
    linhas: Sequence[Linha]
    proximos: Sequence[Proximo]


class ExplicacaoService:
    """Explains one appointment."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction of one hospital."""
        self._atendimentos = AtendimentoService(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)

    async def explain(self, atendimento_id: int, *, now: datetime) -> tuple[AtendimentoLido, Explicacao]:
        """Return the appointment and its explanation; raise AtendimentoInexistente."""
        lido = await self._atendimentos.read(atendimento_id)
        hospital = await self._hospital.load()
        linhas = [_linha(fato) for fato in lido.historico]
        return lido, Explicacao(linhas, tuple(what_next(lido, hospital, now)))


def _linha(fato: Historico) -> Linha:
    texto = tell_fato(fato.fato, de=fato.de, para=fato.para, porque=fato.porque, dados=fato.dados or {})
    return Linha(fato.em, fato.fato, texto, fato.quem, fato.de, fato.para, fato.porque, fato.mensagem_id)


def what_next(lido: AtendimentoLido, hospital: Hospital, now: datetime) -> list[Proximo]:
    """Return what is on its way, what the cadence holds next, when waiting ends; and if nothing, why."""
    registro = lido.registro
    found = [*_underway(lido)]
    silence = _silence_of(registro)
    if silence is not None:
        return [*found, Proximo(silence, SILENCIOS[silence])]
    plano = _plan(lido, hospital, now)
    if plano.envio is not None:
        reason = MOTIVOS.get(plano.motivo, "")
        texto = f"{name_passo(plano.envio.passo.nome)}: previsto. {reason}".rstrip()
        found.append(Proximo(f"passo_{plano.envio.passo.nome}", texto, plano.envio.quando))
    corte = registro["corte_em"] or plano.corte_em
    if corte is not None and corte > now and registro["status_confirmacao"] in _OPEN:
        found.append(Proximo("corte", "Se não houver resposta até aqui, entra na lista de ligações.", corte))
    return found or [Proximo(plano.motivo, MOTIVOS.get(plano.motivo, "Nada mais será enviado."))]


def _underway(lido: AtendimentoLido) -> list[Proximo]:
    return [
        Proximo(f"mensagem_{mensagem.estado}", texto.format(passo=name_passo(elo.passo)), mensagem.quando)
        for mensagem, elo in lido.mensagens
        if (texto := _UNDERWAY.get(mensagem.estado)) is not None
    ]


def _silence_of(registro: RowMapping) -> str | None:
    """Return why this contact is not written to, if so."""
    reasons = (
        ("obito", registro["falecido_em"]),
        ("pediu_para_parar", registro["optout_em"]),
        ("numero_errado", registro["numero_errado_em"]),
    )
    return next((reason for reason, since in reasons if since is not None), None)


def _plan(lido: AtendimentoLido, hospital: Hospital, now: datetime) -> Plano:
    registro = lido.registro
    visita = Visita(
        data_consulta=registro["data_consulta"],
        visto_em=max(registro["criado_em"], registro["horario_em"]),
        status=StatusConfirmacao(registro["status_confirmacao"]),
        situacao=SituacaoAgenda(registro["situacao_agenda"]),
        has_celular=registro["contato_id"] is not None,
        respondido_em=registro["respondido_em"],
    )
    return plan_cadencia(
        hospital.politica,
        hospital.janela_of(registro["unidade_id"]),
        visita,
        feitos=_done(lido.mensagens, registro["horario_versao"]),
        respondida=registro["atencao"] in A_LER,
        now=now,
    )


def _done(mensagens: Sequence[tuple[Mensagem, MensagemAtendimento]], horario_versao: int) -> dict[str, datetime]:
    """Return the steps used for the visit's present time, as the planner counts them."""
    return {
        elo.passo: mensagem.iniciada_em or mensagem.quando
        for mensagem, elo in mensagens
        if elo.horario_versao == horario_versao
        and mensagem.tipo in PASSOS_DADOS
        and mensagem.estado not in DESISTENCIAS
    }
