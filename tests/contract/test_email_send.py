"""E-mails on their way, over a real socket: what arrives, what is refused, what each failure becomes."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.providers.base import (
    Ambiguous,
    BadNumber,
    Button,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Rejected,
    Template,
    Throttled,
    Unavailable,
    UnreadableWebhook,
    WebhookCall,
    Withheld,
)
from app.providers.email import EmailProvider
from app.providers.http import HttpClient
from app.simulator.email import FakeSmtp, Fault, make_certificate
from tests.contract.email_bancada import HOSPITAL, SENDER, TEXT, TO, VISIT, make_provider, message, running_fake

LOGIN = {"usuario": "confirma", "senha": "s3nh@ fictícia"}
USERS = {LOGIN["usuario"]: LOGIN["senha"]}
CERTIFICATE = make_certificate(datetime.now(UTC))


@pytest.fixture
async def fake() -> AsyncIterator[FakeSmtp]:
    async with running_fake() as server:
        yield server


@pytest.fixture
def provider(fake: FakeSmtp, http: HttpClient, clock: Any) -> EmailProvider:
    return make_provider(fake, http, clock)


async def failure_of(provider: EmailProvider, outbound: OutboundMessage | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.send(outbound or message())
    return raised.value


async def test_a_text(fake: FakeSmtp, provider: EmailProvider) -> None:
    receipt = await provider.send(message())
    (taken,) = fake.mails
    assert (taken.sender, taken.recipient) == (SENDER, TO)
    assert taken.text.replace("\r\n", "\n").rstrip("\n") == TEXT.rstrip("\n")
    assert (receipt.message_id, receipt.subscriber_id, receipt.requests) == (taken.message_id, None, 1)
    assert [(step.ok, step.id) for step in receipt.steps] == [(True, taken.message_id)]
    assert fake.log == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert provider.cost(message()) == 1


async def test_the_headers_are_fit_for_a_locked_screen(fake: FakeSmtp, provider: EmailProvider) -> None:
    text = "Você tem uma consulta (Cardiologia) com Dra. Helena amanhã."
    await provider.send(message(text, compromissos=[VISIT]))
    mail = fake.mails[0].mail
    assert mail["Subject"] == f"{HOSPITAL}: aviso sobre um horário marcado"
    assert mail["From"].addresses[0].display_name == HOSPITAL
    assert [str(address) for address in mail["To"].addresses] == [TO]
    assert (mail["Auto-Submitted"], mail["Reply-To"], mail["List-Unsubscribe"]) == ("auto-generated", None, None)
    assert mail["Date"] == "Mon, 02 Mar 2026 13:00:00 +0000"
    shown = " ".join(str(value) for value in mail.values())
    assert [word for word in ("Cardio", "Helena", "Maria", "Souza", "99812") if word in shown] == []


async def test_what_the_channel_adds(fake: FakeSmtp, http: HttpClient, clock: Any) -> None:
    reply = "recepcao@santacasa.exemplo"
    await make_provider(fake, http, clock, responder_a=reply, descadastro=reply).send(message())
    await make_provider(fake, http, clock, descadastro="https://santacasa.exemplo/sair").send(message())
    first, second = (taken.mail for taken in fake.mails)
    assert (first["Reply-To"], first["List-Unsubscribe"]) == (reply, f"<mailto:{reply}?subject=Descadastrar>")
    assert second["List-Unsubscribe"] == "<https://santacasa.exemplo/sair>"


async def test_each_visit_is_a_calendar_file(fake: FakeSmtp, provider: EmailProvider) -> None:
    manaus = replace(VISIT, uid="outro@santacasa.exemplo", zone="America/Manaus", location=None, sequence=0)
    await provider.send(message(compromissos=[VISIT, manaus]))
    (taken,) = fake.mails
    names = [part.get_filename() for part in taken.mail.iter_attachments()]
    assert names == ["horario-1.ics", "horario-2.ics"]
    event, other = (calendar.walk("VEVENT")[0] for calendar in taken.calendars)
    assert (event["UID"], event["SEQUENCE"], event["SUMMARY"]) == (VISIT.uid, 2, VISIT.summary)
    assert event["LOCATION"] == VISIT.location
    assert (event["DTSTART"].params["TZID"], f"{event.start:%H:%M}-{event.end:%H:%M}") == (
        "America/Sao_Paulo",
        "10:00-10:30",
    )
    assert (event["CLASS"], event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == (
        "PRIVATE",
        f"mailto:{SENDER}",
        HOSPITAL,
    )
    assert (f"{other.start:%H:%M}", other["DTSTART"].params["TZID"], "LOCATION" in other) == (
        "09:00",
        "America/Manaus",
        False,
    )
    assert event.start == other.start == VISIT.start


async def test_a_single_visit_has_a_plain_name(fake: FakeSmtp, provider: EmailProvider) -> None:
    await provider.send(message(compromissos=[VISIT]))
    assert [part.get_filename() for part in fake.mails[0].mail.iter_attachments()] == ["horario.ics"]


async def test_a_repetition_is_recognised_and_shown_once(fake: FakeSmtp, provider: EmailProvider) -> None:
    asked = message(compromissos=[VISIT])
    fake.fail_next(".", Fault.LOST_ANSWER)
    assert type(await failure_of(provider, asked)) is Ambiguous
    await provider.send(asked)
    assert (len(fake.mails), len(fake.inbox)) == (2, 1)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"key": "42"}, id="another message"),
        pytest.param({"email": "jose@correio.exemplo"}, id="another person"),
        pytest.param({"compromissos": [replace(VISIT, sequence=3)]}, id="the visit moved"),
        pytest.param({"compromissos": []}, id="the same number in a database that began anew"),
    ],
)
async def test_what_is_no_repetition(fake: FakeSmtp, provider: EmailProvider, other: dict[str, Any]) -> None:
    await provider.send(message(compromissos=[VISIT]))
    await provider.send(message(**{"compromissos": [VISIT], **other}))
    assert len(fake.inbox) == 2


@pytest.mark.parametrize(
    ("outbound", "expected"),
    [
        pytest.param(message(""), Rejected, id="no text"),
        pytest.param(message(" \n"), Rejected, id="nothing but space"),
        pytest.param(message("\ud800"), Rejected, id="half a character"),
        pytest.param(message(flow="confirmacao"), Rejected, id="a flow"),
        pytest.param(message(key="../1"), Rejected, id="a key that is no id"),
        pytest.param(message(key="1..2"), Rejected, id="a key with two dots"),
        pytest.param(message(compromissos=[VISIT] * 21), Rejected, id="too many visits"),
        pytest.param(message(compromissos=[replace(VISIT, zone="Lua/Crateras")]), Rejected, id="an unknown zone"),
        pytest.param(message(compromissos=[replace(VISIT, zone="../etc/passwd")]), Rejected, id="a path for a zone"),
        pytest.param(message(compromissos=[replace(VISIT, minutes=0)]), Rejected, id="a visit of no minutes"),
        pytest.param(
            message(compromissos=[replace(VISIT, start=datetime(2026, 3, 3, 13, 0))]),  # noqa: DTZ001
            Rejected,
            id="a visit without a zone",
        ),
        pytest.param(message(email=None), Rejected, id="no address"),
        pytest.param(message(email=" "), Rejected, id="a blank address"),
        pytest.param(message(email="maria"), BadNumber, id="no at"),
        pytest.param(message(email="maria@correio"), BadNumber, id="no domain"),
        pytest.param(message(email="a@b.exemplo,c@d.exemplo"), BadNumber, id="two addresses"),
        pytest.param(message(email="Maria <maria@correio.exemplo>"), BadNumber, id="a name"),
        pytest.param(message(email="maria..s@correio.exemplo"), BadNumber, id="two dots"),
        pytest.param(message(email="joão@correio.exemplo"), BadNumber, id="an accent"),
        pytest.param(message(email='"a b"@correio.exemplo'), BadNumber, id="quoted"),
        pytest.param(message(email=f"{'a' * 65}@correio.exemplo"), BadNumber, id="too long"),
    ],
)
async def test_refused_before_anything_is_spent(
    fake: FakeSmtp, provider: EmailProvider, outbound: OutboundMessage, expected: type[ProviderError]
) -> None:
    error = await failure_of(provider, outbound)
    assert (type(error), error.requests, fake.connections) == (expected, 0, 0)


@pytest.mark.parametrize("injected", ["\r\nBcc: x@y.exemplo", "\nDATA", "\r", "\0", "\x85", "\u2028Bcc: x@y.exemplo"])
async def test_nothing_can_be_injected(
    fake: FakeSmtp, provider: EmailProvider, http: HttpClient, clock: Any, *, injected: str
) -> None:
    assert type(await failure_of(provider, message(email=f"maria@correio.exemplo{injected}x"))) is BadNumber
    for key in ("remetente", "responder_a", "hospital", "servidor", "descadastro"):
        with pytest.raises(ValueError, match=key):
            make_provider(fake, http, clock, **{key: f"a@santacasa.exemplo{injected}x"})
    visit = replace(VISIT, summary=f"Horário{injected}", location=f"Rua{injected}", uid=f"1{injected}@x")
    await provider.send(message(f"Olá{injected}\r\n.\r\nQUIT", compromissos=[visit]))
    (taken,) = fake.mails
    assert taken.mail["Bcc"] is None
    assert [component.name for component in taken.calendars[0].subcomponents] == ["VTIMEZONE", "VEVENT"]
    assert fake.log.count("QUIT") == 1


async def test_buttons_and_templates_are_said_by_the_text(fake: FakeSmtp, provider: EmailProvider) -> None:
    await provider.send(message(buttons=[Button("c:1", "Confirmar")], template=Template("pedido", "pt_BR")))
    assert len(fake.mails) == 1


def test_it_is_a_last_resort_that_takes_no_answers(provider: EmailProvider) -> None:
    can = provider.capabilities
    assert (can.last_resort, can.needs_email, can.takes_answers, can.receipts, can.buttons, can.idempotent) == (
        *(True, True),
        *(False, False, False, False),
    )
    assert can.rate_per_minute == 30
    call = WebhookCall(b"{}", {"x-webhook-secret": "segredo"})
    assert not provider.is_authentic(call, ["segredo"], now=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(UnreadableWebhook, match="formato_desconhecido"):
        provider.parse_webhook(call)


# encryption and login


@pytest.mark.parametrize(("tls", "at_once"), [("starttls", False), ("tls", True)])
async def test_encrypted_and_logged_in(http: HttpClient, clock: Any, *, tls: str, at_once: bool) -> None:
    options = {"tls": CERTIFICATE.context, "encrypted_at_once": at_once, "users": USERS, "senders": {SENDER}}
    async with running_fake(**options) as fake:
        trusting = {"tls": tls, "certificado_ca": CERTIFICATE.ca, "credentials": LOGIN}
        provider = make_provider(fake, http, clock, **trusting)
        await provider.send(message(compromissos=[VISIT]))
        assert (len(fake.mails), fake.logins) == (1, ["PLAIN"])
        assert (await provider.check()).ok
        by_name = make_provider(fake, http, clock, **trusting, servidor="localhost")
        await by_name.send(message())
        stranger = make_provider(fake, http, clock, tls=tls, credentials=LOGIN)
        error = await failure_of(stranger)
        assert (type(error), error.reason) == (Misconfigured, "o certificado do servidor não foi aceito")
        assert fake.logins == ["PLAIN"] * 3  # nothing secret was told to a server that is not proven


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN"])
async def test_one_way_of_logging_in_is_tried_once(http: HttpClient, clock: Any, auth: str) -> None:
    async with running_fake(users=USERS, auth=(auth,)) as fake:
        await make_provider(fake, http, clock, credentials=LOGIN).send(message())
        error = await failure_of(make_provider(fake, http, clock, credentials={**LOGIN, "senha": "outra"}))
        assert (type(error), error.reason) == (Misconfigured, "SMTP 535 5.7.8 (AUTH)")
        assert fake.logins == [auth] * 2


async def test_the_login_is_missing(http: HttpClient, clock: Any) -> None:
    async with running_fake(users=USERS) as fake:
        error = await failure_of(make_provider(fake, http, clock))
        assert (type(error), error.reason) == (Misconfigured, "SMTP 530 5.7.0 (MAIL)")


@pytest.mark.parametrize("auth", [(), ("XOAUTH2",)])
async def test_a_server_without_passwords(http: HttpClient, clock: Any, auth: tuple[str, ...]) -> None:
    async with running_fake(users=USERS, auth=auth) as fake:
        assert type(await failure_of(make_provider(fake, http, clock, credentials=LOGIN))) is Misconfigured
        assert fake.logins == []


async def test_no_login_is_told_where_encryption_was_stripped(http: HttpClient, clock: Any) -> None:
    async with running_fake(tls=CERTIFICATE.context, offers_starttls=False, users=USERS) as fake:
        error = await failure_of(make_provider(fake, http, clock, tls="starttls", credentials=LOGIN))
        assert (type(error), error.reason) == (Misconfigured, "o servidor não oferece STARTTLS")
        assert (fake.logins, fake.log) == ([], ["EHLO"])


async def test_the_wrong_mode(http: HttpClient, clock: Any) -> None:
    async with running_fake(tls=CERTIFICATE.context) as fake:
        error = await failure_of(make_provider(fake, http, clock, tls="tls"))
        assert (type(error), error.reason) == (Misconfigured, "a conexão cifrada falhou: confira tls e porta")
        assert (await failure_of(make_provider(fake, http, clock))).reason == "SMTP 530 5.7.0 (MAIL)"


async def test_a_sender_that_is_not_the_accounts(http: HttpClient, clock: Any) -> None:
    async with running_fake(senders={"outro@santacasa.exemplo"}) as fake:
        error = await failure_of(make_provider(fake, http, clock))
        assert (type(error), error.reason) == (Misconfigured, "SMTP 550 5.7.60 (MAIL)")


# people


@pytest.mark.parametrize("enhanced", [True, False])
async def test_nobody_there_or_no_room(http: HttpClient, clock: Any, *, enhanced: bool) -> None:
    async with running_fake(unknown={TO}, full={"cheia@correio.exemplo"}, enhanced=enhanced) as fake:
        provider = make_provider(fake, http, clock)
        nobody, full = await failure_of(provider), await failure_of(provider, message(email="cheia@correio.exemplo"))
        assert (type(nobody), type(full)) == (BadNumber, Withheld)
        assert nobody.reason == ("SMTP 550 5.1.1 (RCPT)" if enhanced else "SMTP 550 (RCPT)")
        assert [step.ok for step in nobody.steps] == [False]


# faults


@pytest.mark.parametrize(
    ("verb", "fault", "expected", "arrived"),
    [
        pytest.param(".", Fault.LOST_ANSWER, Ambiguous, 1, id="taken, answer lost"),
        pytest.param(".", Fault.SILENT, Ambiguous, 1, id="taken, never answered"),
        pytest.param(".", Fault.GARBAGE, Ambiguous, 1, id="taken, answered with a page"),
        pytest.param(".", Fault.ERROR_AFTER, Unavailable, 1, id="taken, and denied: the repetition has its id"),
        pytest.param(".", Fault.RESET, Ambiguous, 0, id="cut at the end looks the same"),
        pytest.param(".", Fault.REFUSED_500, Unavailable, 0, id="refused at the end"),
        pytest.param(".", Fault.THROTTLE, Throttled, 0, id="too fast at the end"),
        pytest.param("DATA", Fault.RESET, Ambiguous, 0, id="cut at DATA counts as after it"),
        pytest.param("DATA", Fault.THROTTLE, Throttled, 0, id="too fast at DATA"),
        *[
            pytest.param(verb, fault, expected, 0, id=f"{verb} {fault}")
            for verb in ("EHLO", "MAIL", "RCPT")
            for fault, expected in (
                (Fault.RESET, Unavailable),
                (Fault.SILENT, Unavailable),
                (Fault.GARBAGE, Unavailable),
                (Fault.REFUSED_500, Unavailable),
                (Fault.THROTTLE, Throttled),
            )
        ],
    ],
)
async def test_the_send_fails(
    fake: FakeSmtp,
    http: HttpClient,
    clock: Any,
    *,
    verb: str,
    fault: Fault,
    expected: type[ProviderError],
    arrived: int,
) -> None:
    fake.fail_next(verb, fault)
    error = await failure_of(make_provider(fake, http, clock, espera_s=0.3))
    assert (type(error), error.requests, [step.ok for step in error.steps]) == (expected, 1, [False])
    assert (len(fake.mails), fake.connections) == (arrived, 1)  # nothing is tried twice in here


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SILENT])
async def test_no_greeting(fake: FakeSmtp, http: HttpClient, clock: Any, fault: Fault) -> None:
    fake.fail_next("CONNECT", fault)
    error = await failure_of(make_provider(fake, http, clock, espera_s=0.3))
    assert (type(error), error.requests) == (Unavailable, 0)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SILENT, Fault.GARBAGE, Fault.THROTTLE])
async def test_a_bad_goodbye_undoes_nothing(fake: FakeSmtp, http: HttpClient, clock: Any, fault: Fault) -> None:
    fake.fail_next("QUIT", fault)
    receipt = await make_provider(fake, http, clock, espera_s=0.3).send(message())
    assert receipt.message_id == fake.mails[0].message_id


async def test_late_is_not_never(fake: FakeSmtp, provider: EmailProvider) -> None:
    fake.fail_next(".", Fault.SLOW)
    assert (await provider.send(message())).requests == 1


async def test_nobody_listens(fake: FakeSmtp, provider: EmailProvider) -> None:
    await fake.stop()
    error = await failure_of(provider)
    assert (type(error), error.requests) == (Unavailable, 0)
    health = await provider.check()
    assert not health.ok
    assert health.detail.startswith("o servidor de e-mail não atende agora")


async def test_many_at_once_share_few_connections(fake: FakeSmtp, provider: EmailProvider) -> None:
    receipts = await asyncio.gather(*(provider.send(message(key=str(number))) for number in range(12)))
    assert len({receipt.message_id for receipt in receipts}) == len(fake.inbox) == 12
    assert fake.most_open <= 3  # two, and one that is saying goodbye


async def test_a_crowded_server_is_a_matter_of_pace(http: HttpClient, clock: Any) -> None:
    async with running_fake(most_at_once=0) as fake:
        error = await failure_of(make_provider(fake, http, clock))
        assert (type(error), error.requests) == (Throttled, 0)


async def test_who_is_stopped_leaves_nothing_open(fake: FakeSmtp, http: HttpClient, clock: Any) -> None:
    fake.fail_next("RCPT", Fault.SILENT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(make_provider(fake, http, clock).send(message()), 0.1)
    assert (fake.log, fake.mails) == (["EHLO", "MAIL", "RCPT"], [])


# health


async def test_health(http: HttpClient, clock: Any) -> None:
    async with running_fake(users=USERS) as fake:
        provider = make_provider(fake, http, clock, credentials=LOGIN)
        health = await provider.check()
        assert (health.ok, health.detail) == (True, "o servidor de e-mail aceita a conta")
        assert (fake.log, fake.mails) == (["EHLO", "AUTH", "NOOP", "QUIT"], [])
        wrong = await make_provider(fake, http, clock, credentials={**LOGIN, "senha": "x"}).check()
        assert wrong.detail == ("o servidor de e-mail não aceita o canal como está configurado: SMTP 535 5.7.8 (AUTH)")
        fake.fail_next("EHLO", Fault.THROTTLE)
        assert (await provider.check()).detail.startswith("o servidor de e-mail pede para ir mais devagar")
        await provider.close()


# secrets and people


async def test_reasons_hold_neither_people_nor_secrets(http: HttpClient, clock: Any) -> None:
    shown: list[str] = []
    async with running_fake(users=USERS) as fake:
        provider = make_provider(fake, http, clock, credentials=LOGIN, espera_s=0.3)
        shown.append(repr(vars(provider)))
        for verb in ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."):
            fake.answer_next(verb, f"550 {TO} Maria Souza {LOGIN['senha']}")
            error = await failure_of(provider)
            shown += [error.reason, *traceback.format_exception(error), *(step.detail for step in error.steps)]
    told = "\n".join(shown)
    assert [part for part in (TO, "maria.souza", "Maria Souza", LOGIN["senha"], "99812") if part in told] == []
