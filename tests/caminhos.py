"""Gateways of every kind beside a hospital's first one: each a fake on a real socket, each with its channel."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from app.config import Settings
from app.providers.base import WebhookCall
from app.simulator.email import FakeSmtp, Options
from app.simulator.evolution import FakeEvolution
from app.simulator.gateway import Aviso, FakeGateway, Taken
from app.simulator.meta import FakeMeta, MetaOptions, Person, SeedTemplate
from app.simulator.twilio import FakeTwilio, TwilioOptions
from app.simulator.zapi import FakeZapi, Patient
from app.workers.inbox import WebhookAnswer
from tests.cenario import Cenario, add_canal
from tests.fabricas import FONE, make_agenda

SEGREDO: Final = "segredo-dos-avisos-0001122"
VERIFY_TOKEN: Final = "palavra-combinada"
DIGITOS: Final = f"55{FONE}"
JOAQUINA: Final = Patient(DIGITOS, "Joaquina")
PESSOA: Final = Person(DIGITOS, "Joaquina")
SEED: Final = SeedTemplate(
    "confirmacao",
    "Olá {{paciente}}, você tem consulta {{quando}}. Você vem?",
    ("Confirmar", "Não posso ir", "Remarcar"),
)
BASE_URL: Final = Settings().server.base_url


@dataclass(kw_only=True)
class Via:
    """One channel with what answers at its other end."""

    cenario: Cenario
    id: int
    public_id: str
    tipo: str
    fake: Any

    @property
    def sent(self) -> list[Taken]:
        """Return what the gateway took, oldest first."""
        return list(self.fake.messages)

    @property
    def phones(self) -> list[str]:
        return sorted(taken.phone for taken in self.sent)

    @property
    def tried(self) -> int:
        """Return how often a send was asked for, whatever was answered."""
        return len([row for row in self.fake.log if row["operacao"] == "send"])

    async def post(self, aviso: Aviso) -> WebhookAnswer:
        """Let the gateway call us, as its bytes would come."""
        headers = {name.lower(): value for name, value in aviso.headers.items()}
        call = WebhookCall(aviso.body, headers, aviso.url or f"{BASE_URL}/webhook/{self.public_id}")
        return await self.cenario.programa.webhook.receive(call, canal=self.public_id, now=self.cenario.relogio())

    async def tell(self, taken: Taken, *estados: Any) -> None:
        """Tell states of a message, in this order, and apply them."""
        for estado in estados:
            aviso = self.fake.news(taken, estado)
            assert aviso is not None
            assert (await self.post(aviso)).status_code == 200
        await self.cenario.programa.scheduler.receive()

    async def state(self) -> Mapping[str, Any]:
        [row] = await self.cenario.rows("SELECT * FROM canais WHERE id = :c", c=self.id)
        return row

    async def set(self, **columns: Any) -> None:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        await self.cenario.execute(f"UPDATE canais SET {names} WHERE id = :c", c=self.id, **columns)  # noqa: S608


@dataclass(kw_only=True)
class Rede:
    """Adds channels to a hospital that has none in use."""

    cenario: Cenario
    pilha: AsyncExitStack
    numeros: int = field(default=0)

    async def zapi(self, **columns: Any) -> Via:
        self.numeros += 1
        ident, token = f"{self.numeros:032X}", f"TOKENFICTICIO{self.numeros:010d}"
        fake = FakeZapi(self.cenario.relogio, instance_id=ident, instance_token=token, calls_token=SEGREDO)
        credentials = {"instance_id": ident, "instance_token": token}
        return await self._add("zapi", fake, credentials=credentials, segredo=SEGREDO, **columns)

    async def meta(self, *seeds: SeedTemplate, options: Mapping[str, Any] | None = None, **columns: Any) -> Via:
        told = MetaOptions(templates=seeds, pair_burst=1, **(options or {}))
        fake = FakeMeta(self.cenario.relogio, told)
        columns["config"] = {
            "phone_number_id": told.phone_number_id,
            "waba_id": told.waba_id,
            **columns.get("config", {}),
        }
        credentials = {"token": told.token, "verify_token": VERIFY_TOKEN}
        return await self._add("meta", fake, credentials=credentials, segredo=told.app_secret, **columns)

    async def twilio(self, tipo: str = "twilio", *, contents: Any = (), **columns: Any) -> Via:
        told = TwilioOptions(contents=contents)
        fake = FakeTwilio(self.cenario.relogio, told)
        columns["config"] = {
            "account_sid": told.account_sid,
            "remetente": "+553130000000",
            **columns.get("config", {}),
        }
        credentials = {"auth_token": told.auth_token}
        return await self._add(tipo, fake, credentials=credentials, segredo=told.auth_token, **columns)

    async def evolution(self, **columns: Any) -> Via:
        fake = FakeEvolution(self.cenario.relogio, "chave-evolution")
        columns["config"] = {"instancia": fake.instance, "digitando_ms": 0}
        credentials = {"api_key": "chave-evolution"}
        return await self._add("evolution", fake, credentials=credentials, segredo=SEGREDO, **columns)

    async def email(self, **columns: Any) -> Via:
        fake = FakeSmtp(Options(tls=None))
        await fake.start()
        self.pilha.push_async_callback(fake.stop)
        config = {"servidor": fake.host, "porta": fake.port, "tls": "nenhum"}
        config |= {"remetente": "nao-responda@hospital.example", "hospital": "Santa Casa"}
        return await self._store("email", fake, None, credentials={}, segredo="", config=config, **columns)

    async def refuse(self, via: Via) -> None:
        """Let nobody listen where the gateway was: every connection is refused."""
        await via.fake.stop()

    async def revive(self, via: Via) -> None:
        """Listen again at the same address."""
        parts = urlsplit(via.fake.url)
        await via.fake.start(parts.hostname or "127.0.0.1", parts.port or 0)

    async def approve(
        self, via: Via, modelo: str = "pedido", seed: SeedTemplate = SEED, *, estado: str = "aprovado"
    ) -> None:
        """Let the channel's gateway have approved a text for one of our templates."""
        await self.cenario.execute(
            """INSERT INTO modelos_canais (tenant_id, canal_id, modelo, nome, valores, botoes, estado)
               VALUES (:t, :c, :modelo, :nome, CAST(:valores AS jsonb), :b, :e)""",
            t=self.cenario.tenant_id,
            c=via.id,
            modelo=modelo,
            nome=seed.name,
            valores='[["paciente", "nome"], ["quando", "quando"]]',
            b=len(seed.buttons),
            e=estado,
        )

    async def _add(self, tipo: str, fake: FakeGateway, **columns: Any) -> Via:
        fake.silent_seconds = 1.5
        await fake.start()
        self.pilha.push_async_callback(fake.stop)
        return await self._store(tipo, fake, fake.url, **columns)

    async def _store(
        self, tipo: str, fake: Any, url: str | None, *, credentials: Mapping[str, str], segredo: str, **columns: Any
    ) -> Via:
        cenario, public_id = self.cenario, f"canal-{self.cenario.tenant_id}-{self.numeros}-{tipo}"
        ident = await add_canal(
            cenario.database,
            cenario.tenant_id,
            url,
            segredos=[segredo],
            tipo=tipo,
            credenciais=credentials,
            **{"public_id": public_id, "nome": public_id, **columns},
        )
        await cenario.programa.canais.refresh()
        return Via(cenario=cenario, id=ident, public_id=public_id, tipo=tipo, fake=fake)


@asynccontextmanager
async def open_rede(cenario: Cenario) -> AsyncIterator[Rede]:
    """Switch the hospital's Botconversa off; its channels are those a test adds."""
    await cenario.set_canal(ativo=False)
    async with AsyncExitStack() as pilha:
        yield Rede(cenario=cenario, pilha=pilha)


def fone(n: int) -> str:
    return f"279981{n:05d}"


def phones(*numeros: int) -> list[str]:
    return [f"55{fone(n)}" for n in numeros]


async def plan(cenario: Cenario, quantos: int, **changes: Any) -> None:
    """Let so many patients be due for their question, each on a phone of their own."""
    await cenario.importar(
        *(make_agenda(n, nome_paciente=f"Paciente {n}", telefone=fone(n), **changes) for n in range(1, quantos + 1))
    )
    await cenario.programa.scheduler.run_all()


async def states(cenario: Cenario) -> dict[str, int]:
    """Return how many messages are in each state."""
    rows = await cenario.rows("SELECT estado, count(*) AS n FROM mensagens GROUP BY 1")
    return {row["estado"]: row["n"] for row in rows}


async def by_channel(cenario: Cenario) -> dict[int | None, int]:
    rows = await cenario.rows("SELECT canal_id, count(*) AS n FROM mensagens WHERE estado = 'enviada' GROUP BY 1")
    return {row["canal_id"]: row["n"] for row in rows}


async def wrote_on(via: Via, *numeros: int, ha_minutos: int = 60) -> None:
    """Let these patients have written on a channel some time ago."""
    await via.cenario.execute(
        "UPDATE contatos SET canal_id = :c, ultima_entrada_em = :em WHERE id IN (SELECT contato_id FROM atendimentos"
        " WHERE nr_seq_agenda = ANY(:n))",
        c=via.id,
        em=via.cenario.relogio() - timedelta(minutes=ha_minutos),
        n=[str(numero) for numero in numeros],
    )
