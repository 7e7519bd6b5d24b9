"""Applies news of messages in batches: out of order, repeated, early or about nobody we know. The caller commits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
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
from app.services.consequencia import NAO_ENTREGUE, PEDIU_PARA_PARAR, Consequencia, Enviada, follow_falha, give_up
from app.services.paradas import ParadaService

_QUEM: Final = "gateway"
_LOTE: Final = 5000
_EARLY: Final = timedelta(seconds=5)  # our own record may still be on its way
_GIVE_UP: Final = timedelta(minutes=10)
_PAUSE: Final = timedelta(minutes=5)
_KEY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{1,18})")
# It failed; where it waits again it is another message.
_FATO: Final = {EstadoMensagem.FALHOU: "mensagem_falhou", EstadoMensagem.AGENDADA: "mensagem_repetida"}
_RANK: Final = {EstadoMensagem.ENVIADA: 1, EstadoMensagem.ENTREGUE: 2, EstadoMensagem.LIDA: 3}
_SEM_REGISTRO: Final = frozenset({EstadoMensagem.EM_ENVIO, EstadoMensagem.INCERTA})
_EM_JOGO: Final = (EstadoMensagem.EM_ENVIO, EstadoMensagem.INCERTA, EstadoMensagem.ENVIADA)

Message = tuple[int, date]


@dataclass(frozen=True, slots=True)
class _Queixa:
    """That a gateway says a message did not arrive; it speaks of its own channel's messages only."""

    falha: Falha
    codigo: str | None
    canal_id: int


Queixas = Mapping[Message, _Queixa]


@dataclass(slots=True)
class _Novas:
    """A batch sorted by message."""

    provas: dict[Message, Prova] = field(default_factory=dict)
    falhas: dict[Message, _Queixa] = field(default_factory=dict)
    cedo: list[Recibo] = field(default_factory=list)

    def arrived(self, message: Message) -> bool:
        """Tell whether something proves that it reached the phone: that it was sent is older news than a failure."""
        prova = self.provas.get(message)
        return prova is not None and prova.estado is not EstadoMensagem.ENVIADA

    def take(self, message: Message, row: Record) -> None:
        """Keep the furthest proof and the first failure of a message."""
        estado = EstadoMensagem(row.estado)
        if estado is EstadoMensagem.FALHOU:
            queixa = _Queixa(Falha(row.falha or Falha.RECUSADA), row.codigo, row.canal_id)
            self.falhas.setdefault(message, queixa)
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
        self._stops = ParadaService(session, tenant_id)
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
            await self._recibos.store(novas.cedo)
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
                novas.cedo.append(_again(row, now))
        return novas

    async def _prove(self, provas: Sequence[Prova], now: datetime) -> None:
        """Move messages forward; only what ends a doubt is worth a line, or what our own record will not tell."""
        changed = await self._recibos.prove(provas, now)
        settled = {row.id: row.estado for row in changed if row.antes in _SEM_REGISTRO and row.estado != row.antes}
        pairs = await self._saida.visits_of(list(settled)) if settled else []
        line = partial(FatoHistorico, em=now, quem=_QUEM)
        await self._historico.add(
            [
                line(atendimento_id=visita, fato=f"mensagem_{settled[mensagem]}", mensagem_id=mensagem)
                for mensagem, visita in pairs
            ]
        )

    async def _fail(self, novas: _Novas, ultimos: UltimosRecursos, now: datetime) -> None:
        """Write what did not arrive, unless something proves that it did; locks as docs/arquitetura.md has it."""
        told = {message: why for message, why in novas.falhas.items() if _final(why) or not novas.arrived(message)}
        enviadas = await self._load(told, ultimos) if told else {}
        if not enviadas:
            return
        failed = {message: told[message] for message in enviadas}
        following = [
            follow_falha(enviada, failed[message].falha, failed[message].codigo, now=now)
            for message, enviada in enviadas.items()
        ]
        by_whatsapp = {message: why for message, why in failed.items() if why.canal_id not in ultimos.canais}
        await self._paradas.flag_without_whatsapp(_contacts(enviadas, by_whatsapp, Falha.NUMERO), now)
        refused = await self._stops.refused(_contacts(enviadas, failed, Falha.PAROU), now)
        await self._saida.lock_visits([ident for ident, _ in failed], visitas=refused)
        await self._recibos.lock({*failed, *novas.provas})
        dias = [dia for _, dia in failed]
        lote = Lote([ident for ident, _ in failed], min(dias), max(dias))
        failed_rows = [replace(each.resultado, estado=EstadoMensagem.FALHOU, quando=None) for each in following]
        changed = await self._saida.record(lote, failed_rows, now=now, atuais=_EM_JOGO)
        again = [
            each.resultado
            for each in following
            if each.resultado.estado is EstadoMensagem.AGENDADA and each.resultado.mensagem_id in changed
        ]
        planned = await self._saida.repeat(lote, again, now=now)
        kept = [each for each in following if each.resultado.mensagem_id in changed]
        shown = await self._tell(
            [each if each.resultado.mensagem_id in planned else give_up(each) for each in kept], now
        )
        await self._stops.silence(refused, PEDIU_PARA_PARAR, now, told=shown)
        await self._stop_channels(failed, now)

    async def _load(self, told: Queixas, ultimos: UltimosRecursos) -> dict[Message, Enviada]:
        """Return the messages that were handed to the channel that complains of them."""
        rows = await self._recibos.load_failed(list(told))
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
            if (row.id, row.dia) in told and _may_complain(told[row.id, row.dia], row)
        }

    async def _tell(self, kept: Sequence[Consequencia], now: datetime) -> set[int]:
        """Write the failures down and call people; return the visits whose history tells one."""
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
            visits = [visita for each, visita in pairs if each.atencao == atencao]
            await self._efeitos.set_attention(visits, atencao, now=now, over=atencao != NAO_ENTREGUE)
        await self._efeitos.stop([visita for each, visita in pairs if each.atencao and each.sem_numero])
        return {visita for _, visita in pairs}

    async def _stop_channels(self, failed: Queixas, now: datetime) -> None:
        wrong = {queixa.canal_id: queixa for queixa in failed.values() if queixa.falha is Falha.CONFIGURACAO}
        for canal_id, queixa in sorted(wrong.items()):
            await self._canais.pause(canal_id, now + _PAUSE, f"configuracao: {queixa.codigo}")


def _key(row: Record) -> Message | None:
    """Return the message our own key names."""
    found = _KEY.fullmatch(row.nossa_chave or "")
    if found is None:
        return None
    try:
        return int(found[4]), date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _final(why: _Queixa) -> bool:
    """Tell whether a failure says something of the person, whatever became of this message."""
    return why.falha is Falha.PAROU


def _may_complain(queixa: _Queixa, row: Record) -> bool:
    """Tell whether it is that channel's message, and not one that is known to have arrived."""
    return row.canal_id == queixa.canal_id and (_final(queixa) or EstadoMensagem(row.estado) in _EM_JOGO)


def _again(row: Record, now: datetime) -> Recibo:
    """Put a receipt back: the longer its message is unknown, the rarer it is looked for."""
    return Recibo(
        recebido_em=row.recebido_em,
        tentar_em=now + max(_EARLY, now - row.recebido_em),
        canal_id=row.canal_id,
        sobre_id=row.sobre_id,
        nossa_chave=row.nossa_chave,
        estado=row.estado,
        falha=row.falha,
        codigo=row.codigo,
        em=row.em,
    )


def _contacts(enviadas: Mapping[Message, Enviada], failed: Queixas, falha: Falha) -> list[int]:
    return sorted({enviadas[message].contato_id for message, why in failed.items() if why.falha is falha})
