"""What came of a simulation: the figures, and the judge's verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from app.simulator.oraculo import Regras, Veredito, judge
from app.simulator.simulacao.ambiente import Ambiente
from app.simulator.simulacao.roteiro import Roteiro

_MENSAGENS: Final = text("SELECT estado, count(*) FROM mensagens WHERE tenant_id = :t GROUP BY 1 ORDER BY 1")
_POR_PASSO: Final = text(r"""
SELECT regexp_replace(passo, '_[0-9]+$', ''), count(*) FROM mensagens
WHERE tenant_id = :t AND estado IN ('em_envio', 'enviada', 'entregue', 'lida', 'incerta') GROUP BY 1 ORDER BY 1""")
_RESPOSTAS: Final = text("""
SELECT leitura, count(*) FROM recebidas WHERE tenant_id = :t AND leitura IS NOT NULL GROUP BY 1 ORDER BY 1""")
_STATUS: Final = text(
    "SELECT status_confirmacao, count(*) FROM atendimentos WHERE tenant_id = :t GROUP BY 1 ORDER BY 1"
)
_FINAIS: Final = text("""
SELECT a.nr_seq_agenda, a.status_confirmacao, a.contato_id IS NOT NULL AND a.atencao IS DISTINCT FROM 'numero_recusado'
           AS usavel,
       coalesce(array_agg(m.estado) FILTER (WHERE m.estado IS NOT NULL), '{}') AS estados
FROM atendimentos a
LEFT JOIN mensagens_atendimentos ma ON ma.tenant_id = a.tenant_id AND ma.atendimento_id = a.id
LEFT JOIN mensagens m ON m.tenant_id = ma.tenant_id AND m.id = ma.mensagem_id AND m.dia = ma.dia
WHERE a.tenant_id = :t GROUP BY a.id""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resultado:
    """The figures of one simulation; `segundos` is real time, and the only part a second run may change."""

    atendimentos: int
    contatos: int
    mensagens: Mapping[str, int]
    por_passo: Mapping[str, int]
    respostas: Mapping[str, int]
    status: Mapping[str, int]
    veredito: Veredito
    segundos: float

    @property
    def ok(self) -> bool:
        return self.veredito.ok

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `confirma simular --json` prints."""
        return {
            "atendimentos": self.atendimentos,
            "contatos": self.contatos,
            "mensagens": dict(self.mensagens),
            "por_passo": dict(self.por_passo),
            "respostas": dict(self.respostas),
            "status": dict(self.status),
            "oraculo": self.veredito.as_dict(),
            "segundos": round(self.segundos, 1),
        }


async def sum_up(ambiente: Ambiente, roteiro: Roteiro, *, regras: Regras, segundos: float) -> Resultado:
    """Read the outcome from the database and let the judge compare it with what the gateway saw."""
    programa = ambiente.programa
    async with programa.database.session_scope(programa.tenant_id) as session:

        async def counts(statement: Any) -> dict[str, int]:
            return {row[0]: row[1] for row in await session.execute(statement, {"t": programa.tenant_id})}

        status = await counts(_STATUS)
        finais = {
            row.nr_seq_agenda: {
                "status_confirmacao": row.status_confirmacao,
                "contato_usavel": row.usavel,
                "mensagens": [{"estado": estado} for estado in row.estados],
            }
            for row in await session.execute(_FINAIS, {"t": programa.tenant_id})
        }
        return Resultado(
            atendimentos=sum(status.values()),
            contatos=roteiro.contatos,
            mensagens=await counts(_MENSAGENS),
            por_passo=await counts(_POR_PASSO),
            respostas=await counts(_RESPOSTAS),
            status=status,
            veredito=judge(
                roteiro.visitas,
                ambiente.gateway.log,
                ambiente.pacientes.registros,
                finais,
                de=roteiro.inicio,
                ate=roteiro.fim,
                regras=regras,
            ),
            segundos=segundos,
        )
