"""What the caller of a webhook is told: flat, because a Botconversa block reads only the top level."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.domain.conversa import Conduta, Desfecho
from app.domain.resposta import Leitura
from app.schemas import Recebida

_MENSAGENS: Final[Mapping[Desfecho, str]] = {
    Desfecho.CONFIRMADO: "Presença confirmada.",
    Desfecho.CANCELADO: "Ausência registrada.",
    Desfecho.REAGENDAR: "Pedido de nova data registrado.",
    Desfecho.JA_RESPONDIDO: "A resposta já estava registrada.",
    Desfecho.PERGUNTA_REPETIDA: "A pergunta foi repetida.",
    Desfecho.ENCAMINHADO: "A recepção vai ver esta mensagem.",
    Desfecho.NAO_ENTENDIDO: "A resposta não foi entendida e a pergunta foi repetida.",
    Desfecho.SEM_ATENDIMENTO: "Nenhum atendimento espera resposta deste contato.",
    Desfecho.CONSULTA_PASSADA: "O atendimento já passou.",
    Desfecho.QUAL_CONSULTA: "Há mais de um atendimento em aberto: perguntamos qual.",
}


def build_resposta(
    desfecho: Desfecho, recebida: Recebida, *, conduta: Conduta | None = None, leitura: Leitura | None = None
) -> dict[str, Any]:
    """Return the flat answer, with the whole of it under `data`."""
    atendimentos = _changed(conduta) if conduta else []
    first = atendimentos[0] if atendimentos else {}
    return {
        "success": desfecho.success,
        "message": _MENSAGENS[desfecho],
        "status": desfecho.value,
        "atendimento_id": first.get("atendimento_id"),
        "nr_seq_agenda": first.get("nr_seq_agenda"),
        "data": {
            "atendimentos": list(atendimentos),
            "interpretacao": leitura.intencao.value if leitura else None,
            "telefone": recebida.telefone,
        },
    }


def without_phone(resultado: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be stored in clear: ids and a status."""
    return {**resultado, "data": {**resultado["data"], "telefone": None}}


def _changed(conduta: Conduta) -> Sequence[dict[str, Any]]:
    after = {m.visita.atendimento_id: m.decisao.status for m in conduta.mudancas}
    return [
        {
            "atendimento_id": visita.atendimento_id,
            "nr_seq_agenda": visita.nr_seq_agenda,
            "status_confirmacao": after.get(visita.atendimento_id, visita.status),
        }
        for visita in conduta.visitas
    ]
