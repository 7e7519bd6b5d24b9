"""A channel's own row: its rate, its pauses, its health."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from app.database import Record
from app.domain.entrega import Falha
from app.domain.saude import SaudeCanal
from app.repositories.base import TenantRepository

_STATE: Final = text("""
SELECT ativo, pausado_ate, acertos, erros, quedas, doente_ate FROM canais WHERE tenant_id = :tenant AND id = :canal""")
_LOCKED: Final = text(f"{_STATE.text} FOR NO KEY UPDATE")
_HEALTH: Final = text("""
UPDATE canais SET acertos = :acertos, erros = :erros, quedas = :quedas, doente_ate = :doente_ate
WHERE tenant_id = :tenant AND id = :canal""")
_SPEND: Final = text("""
UPDATE canais SET fichas = :fichas, fichas_em = :em, vaga_em = coalesce(:vaga_em, vaga_em)
WHERE tenant_id = :tenant AND id = :canal""")
_REFUND: Final = text("""
UPDATE canais SET fichas = least(fichas + :fichas, CAST(:teto AS double precision))
WHERE tenant_id = :tenant AND id = :canal""")
_PAUSE: Final = text("""
UPDATE canais SET pausado_ate = :ate, pausa_motivo = :motivo
WHERE tenant_id = :tenant AND id = :canal AND (pausado_ate IS NULL OR pausado_ate <= CAST(:ate AS timestamptz))""")

_TEMPLATE_LOST: Final = text("""
UPDATE modelos_canais SET estado = 'pausado', motivo = 'aviso do gateway', sincronizado_em = :now
WHERE tenant_id = :tenant AND canal_id = :canal AND nome = :nome AND estado = 'aprovado'""")
_UNTIL_MENDED: Final = timedelta(minutes=5)
_UNTIL_BACK: Final = timedelta(minutes=1)


class CanalRepository(TenantRepository):
    """Reads and writes one channel's row."""

    async def may_send(self, canal_id: int, now: datetime) -> tuple[bool, SaudeCanal]:
        """Tell whether the channel may send at `now`, and how it is."""
        rows = await self._fetch(_STATE, canal=canal_id)
        if not rows:
            return False, SaudeCanal()
        saude = _saude(rows[0])
        paused = rows[0].pausado_ate is not None and now < rows[0].pausado_ate
        return rows[0].ativo and not paused and not saude.is_sick(now), saude

    async def lock_health(self, canal_id: int) -> SaudeCanal:
        """Return the channel's health, its row locked."""
        rows = await self._fetch(_LOCKED, canal=canal_id)
        return _saude(rows[0]) if rows else SaudeCanal()

    async def set_health(self, canal_id: int, saude: SaudeCanal) -> None:
        await self._fetch(
            _HEALTH,
            canal=canal_id,
            acertos=saude.acertos,
            erros=saude.erros,
            quedas=saude.quedas,
            doente_ate=saude.doente_ate,
        )

    async def spend(self, canal_id: int, fichas: float, *, em: datetime, vaga_em: datetime | None) -> None:
        """Write what is left; `em` is up to when the refill is paid out, `vaga_em` when the next message may leave."""
        await self._fetch(_SPEND, canal=canal_id, fichas=fichas, em=em, vaga_em=vaga_em)

    async def refund(self, canal_id: int, fichas: float, *, teto: float) -> None:
        """Give back what was reserved and not spent."""
        await self._fetch(_REFUND, canal=canal_id, fichas=fichas, teto=teto)

    async def hear(self, canal_id: int, falha: Falha | None, template: str | None, now: datetime) -> None:
        """Take a gateway's news of the account: a failure stops the channel, one of a template stops that template."""
        match falha:
            case Falha.MODELO:
                await self._fetch(_TEMPLATE_LOST, canal=canal_id, nome=template, now=now)
            case Falha.CONFIGURACAO:
                await self.pause(canal_id, now + _UNTIL_MENDED, "configuracao: aviso do gateway")
            case Falha.PASSAGEIRA:
                await self.pause(canal_id, now + _UNTIL_BACK, "desconectado: aviso do gateway")
            case _:
                pass

    async def pause(self, canal_id: int, ate: datetime, motivo: str) -> None:
        """Pause a channel until `ate`; a longer pause stays, and so does its reason."""
        await self._fetch(_PAUSE, canal=canal_id, ate=ate, motivo=motivo)


def _saude(row: Record) -> SaudeCanal:
    return SaudeCanal(row.acertos, row.erros, row.quedas, row.doente_ate)
