"""The benches of the gateways whose fakes share `FakeGateway`."""

from abc import abstractmethod
from collections.abc import Mapping
from itertools import count
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo_aprovado import ModeloAprovado
from app.providers.assinatura import SECRET_HEADER
from app.providers.base import WebhookCall
from app.simulator.evolution import FakeEvolution, Resposta, message_data
from app.simulator.evolution.webhook import Webhook
from app.simulator.gateway import FakeGateway, Fault, Receipts
from app.simulator.meta import FakeMeta, MetaOptions, Person, SeedTemplate, said
from app.simulator.meta import sign as sign_as_meta
from app.simulator.twilio import Content, FakeTwilio, Inbound, TwilioOptions, magic_phone
from app.simulator.zapi import FakeZapi, Patient
from tests.bancadas.base import PHONE, Bancada, Clock, as_call

_SEGREDO: Final = "segredo-de-teste-000000000000001"
_NUNCA_VISTO: Final = "novidade_de_amanha"
_CONTENT: Final = "HX" + "1" * 32
_JSON: Final = {"content-type": "application/json"}
_numbers = count(1)


class DeGateway(Bancada):
    """What `FakeGateway` can do, said in the words of a bench."""

    fake: FakeGateway

    async def start(self) -> None:
        self.fake.slow_seconds, self.fake.silent_seconds = 0.05, 3.0
        await super().start()

    def listen_at(self, url: str) -> None:
        super().listen_at(url)
        self.fake.avisos.url = url

    def fail_next(self, fault: Fault) -> None:
        self.fake.fail_next("send", fault)

    def fall(self, status: int) -> None:
        self.fake.outage = status

    def tell(self, how: Receipts) -> None:
        self.fake.receipts = how

    async def settle(self) -> None:
        await self.fake.avisos.settled()

    @property
    def arrived(self) -> int:
        return len(self.fake.delivered)

    @property
    def requests(self) -> int:
        return self.fake.requests

    @property
    @abstractmethod
    def config(self) -> Mapping[str, object]: ...


class Meta(DeGateway):
    kind: ClassVar[str] = "meta"
    aprovado: ClassVar[ModeloAprovado | None] = ModeloAprovado(
        "confirmacao",
        "pt_BR",
        (("paciente", "nome"), ("data", "quando")),
        estado=EstadoAprovacao.APROVADO,
    )
    fake: FakeMeta

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        seed = SeedTemplate("confirmacao", "Olá {{paciente}}, em {{data}}. Podemos contar com a sua presença?")
        self.fake = FakeMeta(clock, MetaOptions(templates=[seed]))

    @property
    def config(self) -> Mapping[str, object]:
        options = self.fake.options
        return {"base_url": self.fake.url, "phone_number_id": options.phone_number_id, "waba_id": options.waba_id}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"token": "token-de-teste-0001", "verify_token": "palavra-combinada"}

    @property
    def segredos(self) -> tuple[str, ...]:
        return (self.fake.options.app_secret,)

    @property
    def hidden(self) -> tuple[str, ...]:
        return self.credentials["token"], self.fake.options.app_secret

    def refuse_key(self) -> None:
        self.fake._bearer = "Bearer outro"

    def refuse_number(self) -> str:
        self.fake.options.undelivered[PHONE] = 131026
        return PHONE

    def sign(self, body: bytes) -> WebhookCall:
        return as_call(sign_as_meta(body, self.fake.options.app_secret), self.webhook_url)

    def answer(self, texto: str) -> bytes:
        return self.fake.receive(Person(PHONE), said.text(texto)).body

    def novelty(self) -> bytes:
        return self.fake.desk.news(_NUNCA_VISTO, {"algo": 1}, now=self.clock())


class Zapi(DeGateway):
    kind: ClassVar[str] = "zapi"
    fake: FakeZapi
    _instance, _token, _client_token = "3C0FFEE0000000000000000000000000", "TOKENFICTICIO0000000001", "Fclient0001S"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.fake = FakeZapi(
            clock,
            instance_id=self._instance,
            instance_token=self._token,
            client_token=self._client_token,
            calls_token=_SEGREDO,
        )

    @property
    def config(self) -> Mapping[str, object]:
        return {"base_url": self.fake.url}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {
            "instance_id": self._instance,
            "instance_token": self._token,
            "client_token": self._client_token,
        }

    @property
    def segredos(self) -> tuple[str, ...]:
        return (_SEGREDO,)

    @property
    def hidden(self) -> tuple[str, ...]:
        return (*self.credentials.values(), _SEGREDO)

    def refuse_key(self) -> None:
        self.fake._client_token = "outro"

    def refuse_number(self) -> str:
        self.fake.refusals.without_whatsapp.add(PHONE)
        return PHONE

    def sign(self, body: bytes) -> WebhookCall:
        return WebhookCall(body, {**_JSON, "z-api-token": _SEGREDO}, self.webhook_url)

    def answer(self, texto: str) -> bytes:
        return self.fake.calls.aviso(self.fake.calls.text(Patient(PHONE), texto)).body

    def novelty(self) -> bytes:
        return msgspec.json.encode({"instanceId": self._instance, "type": _NUNCA_VISTO, "phone": PHONE})


class Evolution(DeGateway):
    kind: ClassVar[str] = "evolution"
    fake: FakeEvolution
    _key: ClassVar[str] = "chave-global-de-teste"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.fake = FakeEvolution(clock, self._key)

    @property
    def config(self) -> Mapping[str, object]:
        return {"base_url": self.fake.url, "instancia": self.fake.instance}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": self._key}

    @property
    def segredos(self) -> tuple[str, ...]:
        return (_SEGREDO,)

    @property
    def hidden(self) -> tuple[str, ...]:
        return self._key, _SEGREDO

    def listen_at(self, url: str) -> None:
        super().listen_at(url)
        events = frozenset({"MESSAGES_UPSERT", "MESSAGES_UPDATE", "SEND_MESSAGE", "CONNECTION_UPDATE"})
        self.fake.webhook = Webhook(url, enabled=True, headers={SECRET_HEADER: _SEGREDO}, events=events)

    def refuse_key(self) -> None:
        self.fake.global_key = "outra"

    def refuse_number(self) -> str:
        self.fake.without_whatsapp.add(PHONE)
        return PHONE

    def sign(self, body: bytes) -> WebhookCall:
        return WebhookCall(body, {**_JSON, SECRET_HEADER: _SEGREDO}, self.webhook_url)

    def answer(self, texto: str) -> bytes:
        resposta = Resposta(PHONE, texto, f"3EB0AAAA{next(_numbers):08X}", self.clock())
        return self._body("messages.upsert", message_data(resposta))

    def novelty(self) -> bytes:
        return self._body(_NUNCA_VISTO, {"algo": 1})

    def _body(self, event: str, data: Mapping[str, Any]) -> bytes:
        return msgspec.json.encode({"event": event, "instance": self.fake.instance, "data": data})


class Twilio(DeGateway):
    kind: ClassVar[str] = "twilio"
    aprovado: ClassVar[ModeloAprovado | None] = ModeloAprovado(
        _CONTENT, "pt_BR", (("1", "nome"), ("2", "quando")), estado=EstadoAprovacao.APROVADO
    )
    fake: FakeTwilio
    _prefix: ClassVar[str] = "whatsapp:"
    _nobody: ClassVar[int] = 63024

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        content = Content(_CONTENT, "Olá {{1}}, em {{2}}. Responda 1 ou 0.", ("1", "2"))
        self.fake = FakeTwilio(clock, TwilioOptions(contents=[content]))
        self._login = self.fake.options.auth_token

    @property
    def config(self) -> Mapping[str, object]:
        hosts = {"base_url": self.fake.url} | ({"content_url": self.fake.url} if self._prefix else {})
        return {"account_sid": self.fake.options.account_sid, "remetente": "+553130000000", **hosts}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"auth_token": self._login}

    @property
    def segredos(self) -> tuple[str, ...]:
        return (self._login,)

    @property
    def hidden(self) -> tuple[str, ...]:
        return (self._login,)

    def refuse_key(self) -> None:
        self.fake.options.auth_token = "outro"

    def refuse_number(self) -> str:
        return magic_phone(self._nobody, later=True).removeprefix("+")

    def sign(self, body: bytes) -> WebhookCall:
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        call = as_call(self.fake.signed(fields, self.webhook_url), self.webhook_url)
        return WebhookCall(body, call.headers, call.url)

    def answer(self, texto: str) -> bytes:
        sender = f"{self._prefix}+553130000000"
        return Inbound(self.webhook_url, self._login, sender=sender, phone=f"+{PHONE}").text(texto).body

    def novelty(self) -> bytes:
        fields = {"AccountSid": self.fake.options.account_sid, "MessageSid": "SM" + "9" * 32}
        return urlencode({**fields, "MessageStatus": _NUNCA_VISTO, "To": f"{self._prefix}+{PHONE}"}).encode()


class TwilioSms(Twilio):
    kind: ClassVar[str] = "twilio_sms"
    aprovado: ClassVar[ModeloAprovado | None] = None
    _prefix: ClassVar[str] = ""
    _nobody: ClassVar[int] = 30005
