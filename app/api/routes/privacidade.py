"""What a patient may ask of the hospital about their data; each is found by one of their visits."""

from typing import Final

from fastapi import APIRouter

from app.api.deps import AtendimentoId, Now, Quem, Sessao, audits, requires
from app.api.errors import problems
from app.domain.auditoria import Acao
from app.domain.permissao import Permissao
from app.repositories.privacidade import TudoDoPaciente
from app.schemas.api.privacidade import (
    AnonimizadoOut,
    MensagemGuardada,
    PacienteOut,
    RespostaGuardada,
    VisitaGuardada,
)
from app.services.privacidade_service import PrivacidadeService

router = APIRouter(
    prefix="/api/v1/atendimentos/{atendimento_id}/paciente",
    tags=["Privacidade"],
    responses=problems(401, 403, 404, 422, 503),
)

_GERIR: Final = requires(Permissao.PRIVACIDADE_GERIR)


@router.get("", dependencies=[_GERIR, audits(Acao.EXPORTOU, "paciente")])
async def export_paciente(atendimento_id: AtendimentoId, sessao: Sessao, quem: Quem) -> PacienteOut:
    """Devolve tudo o que está guardado do paciente deste atendimento, para entregar a ele."""
    return to_out(await PrivacidadeService(sessao, quem.tenant_id).everything(atendimento_id))


@router.post("/anonimizar", dependencies=[_GERIR, audits(Acao.APAGOU, "paciente")])
async def erase_paciente(atendimento_id: AtendimentoId, sessao: Sessao, quem: Quem, now: Now) -> AnonimizadoOut:
    """Remove nome, telefones e textos do paciente, sem volta; os atendimentos ficam, sem dono, para as estatísticas."""
    done = await PrivacidadeService(sessao, quem.tenant_id).erase(atendimento_id, now=now)
    return AnonimizadoOut(atendimentos=done)


def to_out(tudo: TudoDoPaciente) -> PacienteOut:
    """Return everything of a patient as it is handed over."""
    return PacienteOut(
        nome=tudo.paciente.nome,
        id_paciente=tudo.paciente.id_paciente,
        data_nascimento=tudo.paciente.data_nascimento,
        responsavel=tudo.paciente.responsavel,
        telefones=[contato.telefone for contato in tudo.contatos],
        atendimentos=[VisitaGuardada.model_validate(visita) for visita in tudo.atendimentos],
        mensagens=[MensagemGuardada.model_validate(mensagem) for mensagem in tudo.mensagens],
        respostas=[RespostaGuardada.model_validate(recebida) for recebida in tudo.recebidas],
    )
