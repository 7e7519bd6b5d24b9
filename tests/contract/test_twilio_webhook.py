"""Calls of Twilio as received, and what is read in them."""

import json
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.confirmacao import EstadoMensagem
from app.providers.base import UnreadableWebhook, WebhookCall
from app.providers.twilio.webhook import parse_webhook
from app.schemas.recebida import Recebida
from app.simulator.gateway import Aviso
from app.simulator.twilio import Inbound
from tests.contract.casos import body_of, cases

URL: Final = "https://confirma.exemplo.org.br/webhook/canal"
ABOUT: Final = "MM" + "2" * 32


def call_of(case: dict[str, Any]) -> WebhookCall:
    return WebhookCall(body_of(case), {}, case.get("url", URL))


def read(aviso: Aviso) -> Recebida:
    (recebida,) = parse_webhook(WebhookCall(aviso.body, aviso.headers, aviso.url or ""))
    return recebida


@pytest.mark.parametrize(
    "case",
    cases("twilio/respostas", "twilio/recibos", "twilio/ignorados", "twilio_sms/respostas", "twilio_sms/recibos"),
)
def test_readable(case: dict[str, Any]) -> None:
    wanted = [asdict(Recebida(kind="resposta")) | event for event in case["expected"]]
    assert [asdict(recebida) for recebida in parse_webhook(call_of(case))] == wanted


@pytest.mark.parametrize("case", cases("twilio/recusados"))
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        parse_webhook(call_of(case))
    assert (refused.value.code, refused.value.campo) == (case["refused"], case.get("campo"))
    assert refused.value.mensagem.endswith(".")


@pytest.mark.parametrize("sender", ["whatsapp:+553130000000", "+553130000000"])
@pytest.mark.parametrize("texto", ["", "1", "👍", "a&b=c%20+", "x" * 10_000, "{sim}", "\u202e", "1\n\n0"])
def test_whatever_a_person_writes_is_an_answer(texto: str, sender: str) -> None:
    recebida = read(Inbound(URL, "t", sender=sender).text(texto))
    assert (recebida.kind, recebida.texto) == ("resposta", texto)


def test_what_the_simulated_patient_does() -> None:
    patient = Inbound(URL, "t").of("+5531987654321", "José")
    assert read(patient.text("1")).telefone == "+553187654321"  # as WhatsApp knows it
    assert read(patient.text("1")).nome == "José"
    for touched in (
        patient.button("Confirmar", "c.15", ABOUT),
        patient.button("Confirmar", "c.15", ABOUT, in_session=True),
        patient.list_choice("Confirmar", "c.15", ABOUT),
    ):
        recebida = read(touched)
        assert (recebida.botao, recebida.quoted_id, recebida.texto) == ("c.15", ABOUT, "Confirmar")
    assert read(patient.quoted("1", ABOUT)).quoted_id == ABOUT
    assert read(patient.media("audio/ogg")).midia == "audio"
    assert read(patient.media("application/pdf", "laudo")).midia == "document"
    assert read(patient.location()).midia == "location"
    hidden = read(patient.hidden_number("1", about=ABOUT))
    assert (hidden.telefone, hidden.subscriber_id, hidden.quoted_id) == (None, "BR.1a2b3c", ABOUT)


@pytest.mark.parametrize("body", [b"AccountSid=AC&" + b"a=1&" * 200, b"AccountSid=AC&Body=" + b"x" * 262_144])
def test_a_form_that_twilio_would_not_make_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        parse_webhook(WebhookCall(body, {}, URL))
    assert refused.value.code == "corpo_grande"


NAMES: Final = [
    *("AccountSid", "MessageSid", "SmsSid", "SmsStatus", "MessageStatus", "ErrorCode", "From", "To", "WaId", "Body"),
    *("ButtonPayload", "ButtonText", "ListId", "NumMedia", "MediaContentType0", "Latitude", "Longitude"),
    *("MessageType", "ExternalUserId", "OriginalRepliedMessageSid", "ProfileName"),
]
values = st.text(max_size=12) | st.sampled_from(
    ["whatsapp:+5531987654321", "whatsapp:BR.1", "received", "delivered", "failed", "63016", "0", "-1", "٣"]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), values), st.text(max_size=30))
def test_any_form_is_read_or_refused(form: dict[str, str], url: str) -> None:
    try:
        received = parse_webhook(WebhookCall(urlencode(form, errors="replace").encode(), {}, url))
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right
        return
    for recebida in received:
        assert recebida.telefone or recebida.subscriber_id or recebida.kind == "status"
        assert (recebida.falha is not None) == (recebida.estado is EstadoMensagem.FALHOU)
        json.dumps(asdict(recebida)).encode("utf-8")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert parse_webhook(WebhookCall(body)) == ()
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right
