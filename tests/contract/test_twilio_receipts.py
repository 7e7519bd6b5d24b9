"""What Twilio tells of a message afterwards, signed and read on a real socket."""

from typing import Any, Final

import pytest

from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.schemas.recebida import Recebida
from app.simulator.gateway import Fault, Receipts
from app.simulator.twilio import FakeTwilio, Inbound, magic_phone
from tests.contract.twilio_bancada import (  # noqa: F401 - fixtures
    COM_BOTOES,
    CONFIRMA,
    PENDENTE,
    PHONE,
    TOKEN,
    Listener,
    failure_of,
    make_provider_factory,
    message,
    start_listener,
    start_twilio,
    template,
)

_M: Final = EstadoMensagem
_ARRIVES: Final = [_M.ENVIADA, _M.ENVIADA, _M.ENTREGUE, _M.LIDA]  # queued, sent, delivered, read


async def told(provider: Any, twilio: FakeTwilio, listener: Listener) -> list[Recebida]:
    await twilio.avisos.settled()
    proven = [call for call in listener.calls if provider.is_authentic(call, [TOKEN], now=twilio.clock())]
    assert len(proven) == len(listener.calls)
    return [recebida for call in listener.calls for recebida in provider.parse_webhook(call)]


async def test_the_life_of_a_message(twilio: FakeTwilio, listener: Listener, make: Any) -> None:
    provider = make(webhook_url=listener.url)
    twilio.conversations.open(PHONE)
    receipt = await provider.send(message())
    events = await told(provider, twilio, listener)
    assert sorted(event.estado or "" for event in events) == sorted(_ARRIVES)
    assert {(event.kind, event.about_id, event.our_key) for event in events} == {
        ("status", receipt.message_id, "m1-2026.a")
    }
    assert all(status == 200 for status, _ in twilio.avisos.answers)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Receipts.EARLY, _ARRIVES),
        (Receipts.TWICE, _ARRIVES * 2),
        (Receipts.REVERSED, _ARRIVES),
        (Receipts.NEVER, []),
    ],
)
async def test_told_badly(
    twilio: FakeTwilio, listener: Listener, make: Any, *, how: Receipts, expected: list[EstadoMensagem]
) -> None:
    provider = make(webhook_url=listener.url)
    twilio.receipts = how
    await provider.send(message(session_open=False, template=template()))
    if how is Receipts.EARLY:
        assert len(listener.calls) == len(expected)  # before the answer to the send
    events = await told(provider, twilio, listener)
    assert sorted(event.estado or "" for event in events) == sorted(expected)


async def test_a_lost_answer_is_made_good_by_our_key(twilio: FakeTwilio, listener: Listener, make: Any) -> None:
    provider = make(webhook_url=listener.url)
    twilio.fail_next("send", Fault.LOST_ANSWER)
    await failure_of(provider, message(session_open=False, template=template()))
    events = await told(provider, twilio, listener)
    assert {event.our_key for event in events} == {"m1-2026.a"}


@pytest.mark.parametrize(
    ("changes", "falha", "codigo"),
    [
        pytest.param({}, Falha.JANELA, "63016", id="a text outside the 24 hours"),
        pytest.param(
            {"session_open": False, "template": template(PENDENTE, "Maria")},
            Falha.MODELO,
            "63027",
            id="a template not approved yet",
        ),
        pytest.param(
            {"session_open": False, "template": template(COM_BOTOES)}, Falha.MODELO, "63028", id="variables missing"
        ),
        *(
            pytest.param(
                {"session_open": False, "template": template(CONFIRMA), "to": magic_phone(code, later=True)},
                falha,
                str(code),
                id=f"code {code}",
            )
            for code, falha in ((63024, Falha.NUMERO), (63018, Falha.RITMO), (63032, Falha.RETIDA))
        ),
    ],
)
async def test_taken_and_not_delivered(
    twilio: FakeTwilio, listener: Listener, make: Any, *, changes: dict[str, Any], falha: Falha, codigo: str
) -> None:
    provider = make(webhook_url=listener.url)
    receipt = await provider.send(message(**changes))
    (failed,) = [event for event in await told(provider, twilio, listener) if event.estado is _M.FALHOU]
    assert (failed.status, failed.falha, failed.codigo) == ("undelivered", falha, codigo)
    assert failed.about_id == receipt.message_id
    assert twilio.delivered == []


async def test_an_answer_opens_the_conversation(twilio: FakeTwilio, listener: Listener, make: Any) -> None:
    provider = make()
    await provider.send(message())
    assert twilio.delivered == []  # we took it for open, and it was not
    await twilio.deliver(Inbound(listener.url, TOKEN).button("Confirmar", "c.15", twilio.messages[0].id))
    (answer,) = await told(provider, twilio, listener)
    assert (answer.botao, answer.quoted_id) == ("c.15", twilio.messages[0].id)
    await provider.send(message(text="Obrigado."))
    assert [taken.text for taken in twilio.delivered] == ["Obrigado."]


async def test_a_call_to_another_address_does_not_pass(twilio: FakeTwilio, listener: Listener, make: Any) -> None:
    """The key in the address is signed with it: nobody else's receipt can be made from this one."""
    provider = make(webhook_url=listener.url)
    await provider.send(message())
    await twilio.avisos.settled()
    call = listener.calls[0]
    stolen = type(call)(call.body, call.headers, call.url.replace("m1-2026.a", "m2-2026.a"))
    assert not provider.is_authentic(stolen, [TOKEN], now=twilio.clock())
