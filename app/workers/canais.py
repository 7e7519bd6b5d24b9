"""The channels of all hospitals, ready to use: built once, looked at again every few seconds."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final

from loguru import logger
from sqlalchemy import text

from app.database import Database
from app.domain.caminho import UltimosRecursos
from app.models import Canal
from app.providers.base import OutboundMessage, Setup, WebhookCall, WhatsAppProvider
from app.providers.http import HttpClient
from app.providers.registry import build_provider
from app.repositories.hospital import HospitalRepository
from app.services.liberacao_service import Via, last_resorts
from app.workers.outbox import Gateway

_FRESH_S: Final = 5.0  # a change in the panel is in force within this time, in every process
_API_KEY: Final = "x-api-key"
_OURS: Final = frozenset({"responder"})  # kept beside the gateway's own settings


@dataclass(frozen=True, slots=True)
class CanalPronto:
    """One channel with its gateway; `segredos` prove who calls, none set up lets a development machine in."""

    tenant_id: int
    canal_id: int
    nome: str
    tipo: str
    public_id: str
    provider: WhatsAppProvider
    segredos: tuple[str, ...] = field(repr=False)
    responder: bool
    por_minuto: int | None
    ativo: bool = True
    """Switched off, it sends nothing; who was asked by it may still answer."""

    def via(self) -> Via:
        """Return the channel as a road: the most a message costs by what is known of its contact, and its demands."""
        table = {
            (known, session): self.provider.cost(_sample(known=known, session=session))
            for known in (False, True)
            for session in (False, True)
        }
        can = self.provider.capabilities
        return Via(
            lambda known, session: table[known, session],
            ultimo_recurso=can.last_resort,
            por_email=can.needs_email,
            par_s=can.pair_interval_s,
            por_mensagem=can.rate_unit == "message",
        )


async def _nobody(_: str) -> int | None:
    return None


class Canais:
    """All channels by (hospital, channel)."""

    def __init__(
        self,
        database: Database,
        http: HttpClient,
        clock: Callable[[], datetime],
        *,
        must_prove: bool = False,
        public_url: str | None = None,
        signature_header: str = "X-Webhook-Signature",
    ) -> None:
        """Build nothing yet.

        `must_prove`: a channel without secrets takes no calls at all. `public_url`: where gateways reach this
        installation. `signature_header`: where an HMAC of the body is looked for.
        """
        self._public_url = public_url
        self.key_holder: Callable[[str], Awaitable[int | None]] = _nobody
        """Tells whose API key this is; nobody's until the doors are built."""
        self._signature_header = signature_header
        self._database = database
        self._http = http
        self._clock = clock
        self._must_prove = must_prove
        self._ready: dict[tuple[int, int], CanalPronto] = {}
        self._versions: dict[tuple[int, int], tuple[Any, ...]] = {}
        self._read_at = float("-inf")
        self._refreshing = asyncio.Lock()

    async def all(self) -> Mapping[tuple[int, int], CanalPronto]:
        """Return every channel, those that are switched off too."""
        if self._is_stale():
            async with self._refreshing:  # one of many callers reads; the others find it done
                if self._is_stale():
                    await self.refresh()
        return self._ready

    def _is_stale(self) -> bool:
        return monotonic() - self._read_at > _FRESH_S

    async def gateway(self, tenant_id: int, canal_id: int) -> Gateway | None:
        """Return what sends over a channel, or None when it is switched off or gone."""
        channels = await self.all()
        pronto = channels.get((tenant_id, canal_id))
        if pronto is None or not pronto.ativo:
            return None
        return Gateway(pronto.provider, pronto.por_minuto, await self.last_resorts(tenant_id))

    async def last_resorts(self, tenant_id: int) -> UltimosRecursos:
        """Return the hospital's channels for those whom WhatsApp does not reach."""
        return last_resorts((await self.vias()).get(tenant_id, {}))

    async def vias(self) -> Mapping[int, Mapping[int, Via]]:
        """Return hospital → channel that sends → what a message costs there at most, and what must be minded."""
        table: defaultdict[int, dict[int, Via]] = defaultdict(dict)
        for (tenant_id, canal_id), pronto in sorted((await self.all()).items()):
            if pronto.ativo:
                table[tenant_id][canal_id] = pronto.via()
        return table

    async def tenants(self) -> list[int]:
        """Return the hospitals with work to do."""
        async with self._database.global_scope() as session:
            return list((await session.scalars(text("SELECT id FROM tenants WHERE ativo ORDER BY id"))).all())

    async def identify(self, call: WebhookCall, *, public_id: str | None, now: datetime) -> CanalPronto | None:
        """Return the channel whose secret verifies the call, and with it the hospital; None is a stranger.

        Without a public id the specification's path is meant, where every Botconversa channel answers. Only where no
        channel has a secret at all, on a development machine, is the first one taken at its word.
        """
        channels = [
            pronto
            for pronto in (await self.all()).values()
            if (pronto.public_id == public_id if public_id else pronto.tipo == "botconversa")
        ]
        for pronto in channels:
            if pronto.provider.is_authentic(call, pronto.segredos, now=now):
                return pronto
        if (tenant_id := await self._keyed(call)) is not None:
            return next((pronto for pronto in channels if pronto.tenant_id == tenant_id and pronto.ativo), None)
        protected = self._must_prove or any(pronto.segredos for pronto in channels)
        return next((pronto for pronto in channels if pronto.ativo), None) if not protected else None

    async def _keyed(self, call: WebhookCall) -> int | None:
        """Return the hospital whose API key, with the scope for it, the caller holds."""
        chave = call.headers.get(_API_KEY)
        return await self.key_holder(chave) if chave else None

    async def refresh(self) -> None:
        """Read the channels again and build those that changed."""
        seen: set[tuple[int, int]] = set()
        for tenant_id in await self.tenants():
            async with self._database.session_scope(tenant_id) as session:
                rows = await HospitalRepository(session, tenant_id).canais(desligados=True)
            for row in rows:
                key = (tenant_id, row.id)
                if await self._take(key, row):
                    seen.add(key)
        for key in set(self._ready) - seen:
            await self._drop(key)
        self._read_at = monotonic()

    async def close(self) -> None:
        for key in list(self._ready):
            await self._drop(key)

    async def _take(self, key: tuple[int, int], row: Canal) -> bool:
        version = (
            row.nome,
            row.tipo,
            row.public_id,
            row.credenciais,
            json.dumps(row.config, sort_keys=True),
            row.taxa_por_minuto,
            row.ativo,
        )
        if self._versions.get(key) == version:
            return True
        try:
            pronto = self._build(key, row)
        except ValueError as error:  # its settings are wrong: the others must not suffer
            logger.bind(tenant=key[0], canal=key[1], reason=str(error)).error("canal.misconfigured")
            return False
        await self._drop(key)
        self._ready[key], self._versions[key] = pronto, version
        return True

    def _build(self, key: tuple[int, int], row: Canal) -> CanalPronto:
        credentials: dict[str, Any] = json.loads(row.credenciais or "{}")
        secrets = credentials.pop("webhook_secrets", [])
        config = {name: value for name, value in row.config.items() if name not in _OURS}
        return CanalPronto(
            tenant_id=key[0],
            canal_id=key[1],
            nome=row.nome,
            tipo=row.tipo,
            public_id=row.public_id,
            provider=build_provider(
                row.tipo,
                Setup(
                    config,
                    credentials,
                    http=self._http,
                    clock=self._clock,
                    webhook_url=f"{self._public_url}/webhook/{row.public_id}" if self._public_url else None,
                    signature_header=self._signature_header,
                ),
            ),
            segredos=tuple(secrets),
            responder=row.config.get("responder", "api") == "api",
            por_minuto=row.taxa_por_minuto,
            ativo=row.ativo,
        )

    async def _drop(self, key: tuple[int, int]) -> None:
        pronto = self._ready.pop(key, None)
        self._versions.pop(key, None)
        if pronto is not None:
            await pronto.provider.close()


def _sample(*, known: bool, session: bool) -> OutboundMessage:
    names = ("id_tabela", "nr_seq_agenda", "nome", "data", "hora", "quando", "unidade", "especialidade", "medico")
    return OutboundMessage(
        key="0",
        to="+5511999999999",
        first_name="-",
        last_name="-",
        text="-",
        subscriber_id="1" if known else None,
        fields=dict.fromkeys(names, "-"),
        session_open=session,
    )
