"""The benches of the two whose fakes are their own: Botconversa, and a mail server."""

from collections.abc import Mapping
from itertools import count
from typing import ClassVar, Final

import msgspec

from app.providers.assinatura import SECRET_HEADER
from app.providers.base import WebhookCall
from app.simulator.botconversa import FakeBotconversa, FakeOptions, Reply, build_body
from app.simulator.email import FakeSmtp, Options
from app.simulator.gateway import Fault
from tests.bancadas.base import EMAIL, PHONE, Bancada, Clock

_SEGREDO: Final = "segredo-de-teste-000000000000002"
_numbers = count(1)


class Botconversa(Bancada):
    """Its account tells nothing of messages; what patients write comes by n8n. It fails at the text itself."""

    kind: ClassVar[str] = "botconversa"
    _key: ClassVar[str] = "chave-de-teste-0001"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        options = FakeOptions(per_minute=None, slow_seconds=0.05, silent_seconds=3.0)
        self.fake = FakeBotconversa(clock, self._key, options)

    @property
    def config(self) -> Mapping[str, object]:
        return {"base_url": self.fake.url}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": self._key}

    @property
    def segredos(self) -> tuple[str, ...]:
        return (_SEGREDO,)

    @property
    def hidden(self) -> tuple[str, ...]:
        return self._key, _SEGREDO

    def fail_next(self, fault: Fault) -> None:
        self.fake.fail_next("send_message", fault)

    def fall(self, status: int) -> None:
        self.fake.options.outage = status

    def refuse_key(self) -> None:
        self.fake._api_key = "outra"

    @property
    def arrived(self) -> int:
        contacts = self.fake.account.contacts.values()
        return sum(row["direcao"] == "saida" for contact in contacts for row in contact.messages)

    @property
    def requests(self) -> int:
        return self.fake.requests

    def sign(self, body: bytes) -> WebhookCall:
        return WebhookCall(body, {"content-type": "application/json", SECRET_HEADER: _SEGREDO}, self.webhook_url)

    def answer(self, texto: str) -> bytes:
        return build_body(Reply("701234567", f"+{PHONE}", texto, mensagem_id=f"m-{next(_numbers)}"))

    def novelty(self) -> bytes:
        return msgspec.json.encode({"type": "novidade_de_amanha", "contact": {"id": 1, "phone": f"+{PHONE}"}})


class Email(Bancada):
    """A server that takes e-mails, and calls nobody."""

    kind: ClassVar[str] = "email"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.fake = FakeSmtp(Options(users=dict([self._login]), slow_seconds=0.05, silent_seconds=3.0))

    _login: ClassVar[tuple[str, str]] = ("confirma", "s3nh4-de-teste-0001")

    @property
    def config(self) -> Mapping[str, object]:
        return {
            "servidor": self.fake.host,
            "porta": self.fake.port,
            "tls": "nenhum",
            "remetente": "confirma@santacasa.exemplo",
            "hospital": "Santa Casa de Teste",
            "espera_s": 2,
            "espera_entrega_s": 1,
        }

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"usuario": self._login[0], "senha": self._login[1]}

    @property
    def hidden(self) -> tuple[str, ...]:
        return (self._login[1],)

    def fail_next(self, fault: Fault) -> None:
        self.fake.fail_next(".", fault)

    def fall(self, status: int) -> None:
        """Greet everybody with SMTP's word for it."""
        del status
        self.fake.answer_next("CONNECT", *["421 4.3.2 not in service"] * 50)

    def refuse_key(self) -> None:
        self.fake.options.users = {self._login[0]: "outra"}

    def refuse_number(self) -> str:
        self.fake.options.unknown.add(EMAIL)
        return PHONE

    @property
    def arrived(self) -> int:
        return len(self.fake.mails)

    @property
    def requests(self) -> int:
        return self.fake.connections
