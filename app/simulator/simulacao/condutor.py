"""Turns the clock: what is due now is done through the real code, then time jumps to what comes next."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import aiohttp
from sqlalchemy import text

from app.database import is_away
from app.simulator.botconversa import build_body
from app.simulator.simulacao.ambiente import Ambiente
from app.simulator.simulacao.conversas import Fala
from app.simulator.simulacao.falhas import DiaRuim
from app.simulator.simulacao.relogio import HORA, MINUTO, ceil_to
from app.simulator.simulacao.roteiro import Roteiro

if TYPE_CHECKING:
    from app.connectors.base import AtendimentoImportado

_RONDA: Final = 12 * HORA
_FOLEGO: Final = timedelta(seconds=2)  # while the channel's rate holds messages back
_PACIENCIA: Final = 30  # releases in vain, a breath apart
_RESGATE: Final = timedelta(minutes=5)
_PENDENTE: Final = timedelta(seconds=31)
_ERRO_DO_SERVIDOR: Final = 500
_ESPERA_S: Final = 0.02
_TENTATIVAS: Final = 1500

_A_FAZER: Final = text("""
SELECT (SELECT min(planejar_em) FROM atendimentos WHERE tenant_id = :t AND planejar_em IS NOT NULL) AS planejar,
       (SELECT min(corte_em) FROM atendimentos WHERE tenant_id = :t AND corte_em IS NOT NULL) AS cortes,
       (SELECT min(quando) FROM mensagens WHERE tenant_id = :t AND estado = 'agendada' AND ate > :agora) AS sair,
       (SELECT min(ate) FROM mensagens WHERE tenant_id = :t AND estado = 'agendada') AS expirar,
       (SELECT min(atualizado_em) FROM mensagens
        WHERE tenant_id = :t AND estado IN ('na_fila', 'em_envio')) AS resgatar,
       (SELECT min(recebida_em) FROM recebidas WHERE tenant_id = :t AND aplicada_em IS NULL) AS entrada_pendente,
       (SELECT min(pausado_ate) FROM canais WHERE tenant_id = :t AND pausado_ate > :agora) AS pausado""")
_ATRASO: Final = {"resgatar": _RESGATE, "entrada_pendente": _PENDENTE}
_TRABALHOS: Final = text("SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')")


@dataclass(frozen=True, slots=True)
class Andamento:
    """How far a simulation is."""

    agora: datetime
    parte: float
    pedidos: int


class Condutor:
    """Drives one simulation from its first instant to its last."""

    def __init__(
        self, ambiente: Ambiente, roteiro: Roteiro, dia_ruim: DiaRuim, *, progress: Callable[[Andamento], None]
    ) -> None:
        self._ambiente, self._roteiro, self._dia_ruim, self._progress = ambiente, roteiro, dia_ruim, progress
        self._cargas: list[tuple[datetime, Sequence[AtendimentoImportado]]] = list(reversed(roteiro.cargas))
        self._de_novo: list[tuple[datetime, Fala]] = []
        self._em_vao = 0

    async def run(self) -> None:
        """Play it all."""
        agora: datetime | None = self._roteiro.inicio
        while agora is not None and agora < self._roteiro.fim:
            self._ambiente.relogio.advance(agora)
            await self._step(agora)
            duracao = self._roteiro.fim - self._roteiro.inicio
            self._progress(Andamento(agora, (agora - self._roteiro.inicio) / duracao, self._ambiente.gateway.requests))
            agora = await self._next(agora)
        self._ambiente.relogio.advance(self._roteiro.fim)

    async def _step(self, agora: datetime) -> None:
        ambiente = self._ambiente
        await self._dia_ruim.begin(agora)
        await self._import(agora)
        await self._answer(agora)
        if agora == ceil_to(agora, MINUTO):
            await self._cron(agora)
        liberadas = await self._dia_ruim.disturb(agora)
        if liberadas is None:
            await self._release()
        elif liberadas:
            await self._settle()
        ambiente.pacientes.settle()

    async def _import(self, agora: datetime) -> None:
        while self._cargas and self._cargas[-1][0] <= agora:
            _, itens = self._cargas.pop()
            await self._ambiente.programa.importador.importar(itens, origem="hospital", now=agora)

    async def _answer(self, agora: datetime) -> None:
        repetir, self._de_novo = self._de_novo, []
        for quando, fala in repetir:
            if quando <= agora:
                await self._post(fala, agora)
            else:
                self._de_novo.append((quando, fala))
        while (nova := self._ambiente.pacientes.pop_due(agora)) is not None:
            self._ambiente.gateway.receive(nova.contato, nova.resposta.texto)
            await self._post(nova, agora)

    async def _post(self, fala: Fala, agora: datetime) -> None:
        """Bring one answer to the hospital as n8n does; what it refuses to take now is brought again."""
        conta = self._ambiente.gateway.account
        contato = conta.contacts[fala.contato]
        campos = {nome: valor for nome, valor in conta.variables(contato).items() if valor is not None}
        corpo = build_body(fala.as_reply(contato, campos), fala.forma)
        try:
            answered = await self._ambiente.saindo.post(corpo, copies=fala.copias)
            taken = all(answer.status < _ERRO_DO_SERVIDOR for answer in answered)
        except aiohttp.ClientError:
            taken = False
        if taken:
            self._ambiente.pacientes.record(fala, agora)
        else:
            self._de_novo.append((agora + MINUTO, fala))

    async def _cron(self, agora: datetime) -> None:
        devidas = await self._due_entries(agora)
        for entry in self._ambiente.programa.scheduler.entries:
            if entry.name in devidas:
                await self._ambiente.programa.scheduler.run_entry(entry)

    async def _due_entries(self, agora: datetime) -> set[str]:
        """Return the entries with something to do now; every few hours all of them, as a check on this list."""
        entries = self._ambiente.programa.scheduler.entries
        if agora == ceil_to(agora, _RONDA):
            return {entry.name for entry in entries}
        a_fazer = await self._look(agora)
        return {
            entry.name
            for entry in entries
            if (quando := a_fazer.get(entry.name)) is not None
            and quando + _ATRASO.get(entry.name, timedelta()) <= agora
        }

    async def _release(self) -> None:
        operario = self._ambiente.operario
        antes = operario.feitas
        liberadas = await self._ambiente.programa.scheduler.release()
        self._em_vao = 0 if liberadas else self._em_vao + 1
        if liberadas and not await operario.wait_for(antes + liberadas):
            await self._settle()

    async def _settle(self) -> None:
        """Wait until no chunk is queued or being sent: one of a worker that died, or of a database that went away."""
        for _ in range(_TENTATIVAS):
            if not await self._has_jobs():
                return
            await asyncio.sleep(_ESPERA_S)

    async def _has_jobs(self) -> bool:
        programa = self._ambiente.programa
        try:
            async with programa.database.session_scope(programa.tenant_id) as session:
                return bool((await session.execute(_TRABALHOS)).scalar_one())
        except Exception as error:  # a database that is away comes as many kinds
            if is_away(error):  # our own connections notice a restart like everybody's: by a failure
                return True
            raise

    async def _look(self, agora: datetime) -> Mapping[str, datetime | None]:
        programa = self._ambiente.programa
        async with programa.database.session_scope(programa.tenant_id) as session:
            return (await session.execute(_A_FAZER, {"t": programa.tenant_id, "agora": agora})).mappings().one()  # type: ignore[return-value]

    async def _next(self, agora: datetime) -> datetime | None:
        """Return the next instant at which anything is due."""
        a_fazer = await self._look(agora)
        instantes = [
            self._cargas[-1][0] if self._cargas else None,
            self._ambiente.pacientes.proxima,
            *(quando for quando, _ in self._de_novo),
            self._dia_ruim.next_after(agora),
            ceil_to(agora + MINUTO, _RONDA),
            self._next_release(a_fazer, agora),
            *(
                _next_minute(quando + _ATRASO.get(nome, timedelta()), agora)
                for nome in ("planejar", "cortes", "expirar", "resgatar", "entrada_pendente")
                if (quando := a_fazer[nome]) is not None
            ),
        ]
        return min(instante for instante in instantes if instante is not None)

    def _next_release(self, a_fazer: Mapping[str, datetime | None], agora: datetime) -> datetime | None:
        """Return when to release again; what did not leave for a minute waits for more than the channel's rate."""
        sair = a_fazer["sair"]
        if sair is None or sair > agora:
            return sair
        folego = _FOLEGO if self._em_vao < _PACIENCIA else MINUTO
        return max(agora + folego, a_fazer["pausado"] or agora)


def _next_minute(quando: datetime, agora: datetime) -> datetime:
    return max(ceil_to(quando, MINUTO), ceil_to(agora + timedelta(microseconds=1), MINUTO))
