"""What a message knows when it is put into words: its visits as they stand now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from app import crypto
from app.domain.confirmacao import StatusConfirmacao, TipoAtendimento
from app.domain.mensagem import VisitaContada, build_contexto, tell_visita
from app.domain.saida import VisitaDaMensagem
from app.repositories.hospital import Hospital

_ESTADO_DITO: Final = {
    StatusConfirmacao.CONFIRMADO: "você vem",
    StatusConfirmacao.CANCELADO: "você não vem",
    StatusConfirmacao.REAGENDAR: "você quer outra data",
}


def build_conteudo(
    hospital: Hospital, visitas: Sequence[tuple[Any, VisitaDaMensagem]], now: datetime
) -> dict[str, Any]:
    """Return the variables of a template for `visitas`: rows of the database, and what was decided of each."""
    told = [_tell(hospital, row, visita, now) for row, visita in visitas]
    return build_contexto(told, hospital=hospital.nome, telefone_hospital=hospital.telefone)


def _tell(hospital: Hospital, row: Any, visita: VisitaDaMensagem, now: datetime) -> dict[str, Any]:
    unidade = hospital.unidades.get(row.unidade_id)
    contada = VisitaContada(
        letra=visita.letra,
        nome_paciente=crypto.keyring().decrypt(row.nome, "pacientes.nome", hospital.tenant_id),
        tipo=TipoAtendimento(row.tipo),
        data_consulta=row.data_consulta,
        especialidade=row.especialidade,
        nome_medico=row.nome_medico,
        unidade=unidade.nome if unidade else None,
        endereco=unidade.endereco if unidade else None,
        chegar_antes_min=row.chegar_antes_min,
        preparo=row.preparo,
    )
    janela = hospital.janela_of(row.unidade_id)
    line = tell_visita(contada, janela=janela, politica=hospital.politica, now=now)
    return line | {"resposta": _ESTADO_DITO.get(visita.status, "ainda sem resposta")}
