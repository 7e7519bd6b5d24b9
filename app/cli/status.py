"""`confirma status`: what is set up, how the days look, whether work goes on."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from sqlalchemy import func, select

from app.api.routes.scheduler_status import read_status
from app.cli.canal import summary
from app.cli.saida import facts, local, table
from app.cli.sessao import Terminal
from app.domain.confirmacao import EstadoMensagem
from app.models import Canal, Importacao, Mensagem
from app.repositories.hospital import HospitalRepository
from app.repositories.painel import DiaContado, PainelRepository
from app.repositories.saude import SaudeRepository
from app.wiring import Programa

_E: Final = EstadoMensagem
_IN_THE_QUEUE: Final = (_E.AGENDADA, _E.NA_FILA, _E.EM_ENVIO, _E.INCERTA)
_DAY: Final = timedelta(days=1)
_COUNTS: Final = (
    "total", "confirmado", "aguardando", "sem_resposta", "reagendar", "cancelado", "pendente", "sem_celular",
)  # fmt: skip


def status(tela: Terminal) -> None:
    """Mostra o que está configurado, os números de hoje e amanhã, a fila, o agendador, o gateway."""
    lido, zona = tela.run(_read)
    tela.show(lido, *_blocks(lido, zona))


async def _read(programa: Programa) -> tuple[dict[str, Any], ZoneInfo]:
    now, zona, tenant_id = programa.clock(), programa.zona, programa.tenant_id
    hoje = now.astimezone(zona).date()
    async with programa.database.session_scope(tenant_id) as sessao:
        hospital = await HospitalRepository(sessao, tenant_id).load()
        canais = [summary(row, now) for row in await sessao.scalars(select(Canal).order_by(Canal.prioridade, Canal.id))]
        dias = await PainelRepository(sessao, tenant_id).count_days(hoje, hoje + _DAY)
        saude = SaudeRepository(sessao, tenant_id)
        inbox, outbox = await saude.inbox(), await saude.outbox(now)
        waiting = select(Mensagem.estado, func.count()).where(Mensagem.estado.in_(_IN_THE_QUEUE))
        fila = {row[0]: row[1] for row in await sessao.execute(waiting.group_by(Mensagem.estado))}
        ultima = (await sessao.scalars(select(Importacao).order_by(Importacao.id.desc()).limit(1))).first()
    agendador = await read_status(programa, programa.aberto, now)
    gateway = await programa.gateway.check()
    return {
        "agora": now,
        "hospital": hospital.nome,
        "unidades": [unidade.nome for unidade in hospital.unidades.values()],
        "zona": zona.key,
        "canais": canais,
        "dias": [asdict(dias.get(dia, DiaContado(dia))) for dia in (hoje, hoje + _DAY)],
        "fila": {**{estado.value: fila.get(estado, 0) for estado in _IN_THE_QUEUE}, "atraso_s": outbox.lag_s(now)},
        "entrada": {"ultima_em": inbox.last_event_at, "pendentes": inbox.backlog},
        "importacao": {"em": ultima.em, "origem": ultima.origem, **ultima.contagens} if ultima else None,
        "agendador": agendador,
        "gateway": {"ok": gateway.ok, "detalhe": gateway.detail, "ms": gateway.ms},
    }, zona


def _blocks(lido: dict[str, Any], zona: ZoneInfo) -> tuple[RenderableType, ...]:
    importacao = lido["importacao"]
    canais = ", ".join(canal["nome"] for canal in lido["canais"]) or "nenhum: crie com `confirma canal criar NOME`"
    fila = lido["fila"]
    head = facts(
        lido["hospital"],
        {
            "Agora": f"{local(lido['agora'], zona)} ({lido['zona']})",
            "Unidades": ", ".join(lido["unidades"]),
            "Canais": canais,
            "Gateway": lido["gateway"]["detalhe"],
            "Última agenda": f"{local(importacao['em'], zona)}, de {importacao['origem']}" if importacao else None,
            "Última resposta": local(lido["entrada"]["ultima_em"], zona),
            "Respostas a aplicar": lido["entrada"]["pendentes"],
            "Mensagens": ", ".join(f"{nome} {fila[nome]}" for nome in fila if nome != "atraso_s"),
            "Agendador": "trabalhando" if lido["agendador"].running else "parado: rode `confirma serve`",
        },
    )
    hoje, amanha = lido["dias"]
    rows = [(count.replace("_", " ").capitalize(), hoje[count], amanha[count]) for count in _COUNTS]
    jobs = [
        (job.name, local(job.last_run, zona), job.last_result, f"{job.lag_s:.0f} s") for job in lido["agendador"].jobs
    ]
    return (
        head,
        table("Atendimentos", ("", f"Hoje, {hoje['dia']:%d/%m}", f"Amanhã, {amanha['dia']:%d/%m}"), rows),
        table("Agendador", ("Tarefa", "Última vez", "Resultado", "Atraso"), jobs),
    )
