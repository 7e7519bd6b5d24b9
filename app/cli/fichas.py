"""One appointment, or many, as a terminal shows them."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.table import Table

from app.cli.saida import facts, local, table
from app.schemas.api.atendimento import AtendimentoDetalhe, AtendimentoOut, FatoOut, MensagemOut, ProximoOut
from app.services.explicacao import ExplicacaoService
from app.wiring import Programa


async def read_detalhe(programa: Programa, atendimento_id: int) -> tuple[AtendimentoDetalhe, ZoneInfo]:
    """Return an appointment with its story, as the API gives it, and the zone to show it in."""
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        service = ExplicacaoService(sessao, programa.tenant_id)
        lido, explicacao = await service.explain(atendimento_id, now=programa.clock())
    detalhe = AtendimentoDetalhe(
        **AtendimentoOut.of(lido.registro).model_dump(),
        historico=[FatoOut.model_validate(linha) for linha in explicacao.linhas],
        mensagens=[
            MensagemOut.model_validate({**mensagem.__dict__, "letra": elo.letra}) for mensagem, elo in lido.mensagens
        ],
        proximos=[ProximoOut.model_validate(proximo) for proximo in explicacao.proximos],
    )
    return detalhe, programa.zona


def ficha(atendimento: AtendimentoOut, zona: ZoneInfo) -> Table:
    """Return the main facts of one appointment."""
    return facts(
        f"Atendimento {atendimento.id}",
        {
            "Paciente": atendimento.nome_paciente,
            "Telefone": atendimento.telefone,
            "Quando": local(atendimento.data_consulta, zona),
            "Com": f"{atendimento.nome_medico} — {atendimento.especialidade}",
            "Unidade": atendimento.unidade,
            "Na agenda": atendimento.situacao_agenda,
            "Confirmação": atendimento.status_confirmacao,
            "Resposta": atendimento.resposta_paciente,
            "Pede atenção": atendimento.atencao,
            "Número na agenda": f"{atendimento.nr_seq_agenda} ({atendimento.origem})",
        },
    )


def lista(titulo: str, atendimentos: Sequence[AtendimentoOut], zona: ZoneInfo) -> Table:
    """Return a line for each appointment."""
    rows = (
        (
            item.id,
            local(item.data_consulta, zona),
            item.nome_paciente,
            item.telefone,
            item.especialidade,
            item.status_confirmacao,
            item.situacao_agenda,
        )
        for item in atendimentos
    )
    return table(titulo, ("ID", "Quando", "Paciente", "Telefone", "Especialidade", "Confirmação", "Na agenda"), rows)
