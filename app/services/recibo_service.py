"""Applies news of messages in batches: out of order, repeated, early or about nobody we know. The caller commits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.caminho import UltimosRecursos
from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.canais import CanalRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.paradas import ParadaRepository
from app.repositories.recibos import Prova, Recibo, ReciboRepository
from app.repositories.saida import Lote, SaidaRepository
from app.services.consequencia import Consequencia, Enviada, follow_falha

_QUEM: Final = "gateway"
_LOTE: Final = 5000
_EARLY: Final = timedelta(seconds=5)  # our own record may still be on its way
_GIVE_UP: Final = timedelta(minutes=10)
_PAUSE: Final = timedelta(minutes=5)
_KEY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{1,18})")
# It failed; where it waits again it is another message.
_FATO: Final = {EstadoMensagem.FALHOU: "mensagem_falhou", EstadoMensagem.AGENDADA: "mensagem_repetida"}
_RANK: Final = {EstadoMensagem.ENVIADA: 1, EstadoMensagem.ENTREGUE: 2, EstadoMensagem.LIDA: 3}
_EM_JOGO: Final = (EstadoMensagem.EM_ENVIO, EstadoMensagem.INCERTA, EstadoMensagem.ENVIADA)

Message = tuple[int, date]


@dataclass(slots=True)
class _Novas:
    """A batch sorted by message."""

    provas: dict[Message, Prova] = field(default_factory=dict)
    falhas: dict[Message, tuple[Falha, str | None]] = field(default_factory=dict)
    cedo: list[Recibo] = field(default_factory=list)

    def take(self, message: Message, row: Record) -> None:
        """Keep the furthest proof and the first failure of a message."""
        estado = EstadoMensagem(row.estado)
        if estado is EstadoMensagem.FALHOU:
            self.falhas.setdefault(message, (Falha(row.falha or Falha.RECUSADA), row.codigo))
            return
        known = self.provas.get(message)
        if known is None or _RANK[estado] > _RANK[known.estado]:
            ident, dia = message
            em = row.em or row.recebido_em
            self.provas[message] = Prova(id=ident, dia=dia, estado=estado, em=em, sobre_id=row.sobre_id)


class ReciboService:
    """One hospital's receipts, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._recibos = ReciboRepository(session, tenant_id)
        self._saida = SaidaRepository(session, tenant_id)
        self._paradas = ParadaRepository(session, tenant_id)
        self._efeitos = EfeitoRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._canais = CanalRepository(session, tenant_id)

    async def apply(self, now: datetime, *, ultimos: UltimosRecursos, limite: int = _LOTE) -> int:
        """Apply what waits; return how many receipts were taken.

        `ultimos`: the hospital's channels of last resort, for numbers without WhatsApp.
        """
        rows = await self._recibos.take(now, limite=limite)
        if not rows:
            return 0
        novas = await self._sort(rows, now)
        await self._fail(novas, ultimos, now)
        await self._prove(list(novas.provas.values()), now)
        if novas.cedo:
            await self._recibos.store(novas.cedo, tentar_em=now + _EARLY)
        return len(rows)

    async def _sort(self, rows: Sequence[Record], now: datetime) -> _Novas:
        """Find the message of each receipt: by our key, else by the gateway's id."""
        known = await self._recibos.find([row.sobre_id for row in rows if row.sobre_id and not _key(row)])
        novas = _Novas()
        for row in rows:
            message = _key(row) or known.get((row.canal_id, row.sobre_id))
            if message is not None:
                novas.take(message, row)
            elif row.sobre_id and now - row.recebido_em < _GIVE_UP:
                novas.cedo.append(_again(row))
        return novas

    async def _prove(self, provas: Sequence[Prova], now: datetime) -> None:
        """Move messages forward; only what ends a doubt is worth a line, the rest stands on the message."""
        changed = await self._recibos.prove(provas, now)
        settled = [row.id for row in changed if row.antes == EstadoMensagem.INCERTA]
        pairs = await self._saida.visits_of(settled) if settled else []
        await self._historico.add(
            [
                FatoHistorico(atendimento_id=visita, em=now, fato="mensagem_entregue", quem=_QUEM, mensagem_id=mensagem)
                for mensagem, visita in pairs
            ]
        )

    async def _fail(self, novas: _Novas, ultimos: UltimosRecursos, now: datetime) -> None:
        """Write what did not arrive, unless something proves that it did; locks as docs/arquitetura.md has it."""
        failed = {message: why for message, why in novas.falhas.items() if message not in novas.provas or _final(why)}
        if not failed:
            return
        enviadas = await self._load(failed, ultimos)
        following = [follow_falha(enviada, *failed[message], now=now) for message, enviada in enviadas.items()]
        await self._paradas.flag_without_whatsapp(_contacts(enviadas, failed, Falha.NUMERO), now)
        await self._paradas.stop_contact(_contacts(enviadas, failed, Falha.PAROU), now)
        await self._saida.lock_visits([ident for ident, _ in failed])
        dias = [dia for _, dia in failed]
        lote = Lote([ident for ident, _ in failed], min(dias), max(dias))
        failed_rows = [replace(each.resultado, estado=EstadoMensagem.FALHOU, quando=None) for each in following]
        changed = await self._saida.record(lote, failed_rows, now=now, atuais=_EM_JOGO)
        again = [
            each.resultado
            for each in following
            if each.resultado.estado is EstadoMensagem.AGENDADA and each.resultado.mensagem_id in changed
        ]
        await self._saida.repeat(lote, again, now=now)
        await self._tell([each for each in following if each.resultado.mensagem_id in changed], now)
        if any(falha is Falha.CONFIGURACAO for falha, _ in failed.values()):
            await self._stop_channels(enviadas, failed, now)

    async def _load(
        self, failed: Mapping[Message, tuple[Falha, str | None]], ultimos: UltimosRecursos
    ) -> dict[Message, Enviada]:
        rows = await self._recibos.load_failed(list(failed))
        return {
            (row.id, row.dia): Enviada(
                mensagem_id=row.id,
                contato_id=row.contato_id,
                canal_id=row.canal_id,
                tentativas=row.tentativas,
                sessao=not row.exige_modelo,
                outro_meio=ultimos.serve(row.canal_id, tem_email=row.tem_email),
            )
            for row in rows
            if (row.id, row.dia) in failed
        }

    async def _tell(self, kept: Sequence[Consequencia], now: datetime) -> None:
        by_id = {each.resultado.mensagem_id: each for each in kept}
        pairs = [(by_id[mensagem], visita) for mensagem, visita in await self._saida.visits_of(list(by_id))]
        await self._historico.add(
            [
                FatoHistorico(
                    atendimento_id=visita,
                    em=now,
                    fato=_FATO[each.resultado.estado],
                    quem=_QUEM,
                    porque=each.resultado.motivo,
                    mensagem_id=each.resultado.mensagem_id,
                )
                for each, visita in pairs
            ]
        )
        for atencao in sorted({each.atencao for each in kept if each.atencao}):
            await self._efeitos.set_attention([v for each, v in pairs if each.atencao == atencao], atencao, now=now)
        await self._efeitos.stop([visita for each, visita in pairs if each.atencao and each.sem_numero])

    async def _stop_channels(
        self, enviadas: Mapping[Message, Enviada], failed: Mapping[Message, tuple[Falha, str | None]], now: datetime
    ) -> None:
        for message, enviada in sorted(enviadas.items()):
            falha, codigo = failed[message]
            if falha is Falha.CONFIGURACAO and enviada.canal_id is not None:
                await self._canais.pause(enviada.canal_id, now + _PAUSE, f"configuracao: {codigo}")


def _key(row: Record) -> Message | None:
    """Return the message our own key names."""
    found = _KEY.fullmatch(row.nossa_chave or "")
    if found is None:
        return None
    try:
        return int(found[4]), date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _final(why: tuple[Falha, str | None]) -> bool:
    """Tell whether a failure says something of the person, whatever became of this message."""
    return why[0] is Falha.PAROU


def _again(row: Record) -> Recibo:
    return Recibo(
        recebido_em=row.recebido_em,
        canal_id=row.canal_id,
        sobre_id=row.sobre_id,
        nossa_chave=row.nossa_chave,
        estado=row.estado,
        falha=row.falha,
        codigo=row.codigo,
        em=row.em,
    )


def _contacts(
    enviadas: Mapping[Message, Enviada], failed: Mapping[Message, tuple[Falha, str | None]], falha: Falha
) -> list[int]:
    return sorted({enviada.contato_id for message, enviada in enviadas.items() if failed[message][0] is falha})
