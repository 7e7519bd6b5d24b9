"""The other direction over real HTTP: receipts, echoes, answers, and the gateway's own ways of telling them."""

from typing import Any

import pytest

from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.providers.base import Ambiguous
from app.schemas import Recebida
from app.simulator.evolution import FakeEvolution, Forma, Resposta
from app.simulator.gateway import Fault, Receipts
from tests.contract.evolution_bancada import (
    PHONE,
    SECRET,
    Hospital,
    ask,
    fake_fixture,  # noqa: F401
    hospital_fixture,  # noqa: F401
    make_provider_fixture,  # noqa: F401
    message,
    set_webhook,
)

E = EstadoMensagem
ALL = [E.ENVIADA, E.ENTREGUE, E.LIDA]


def resposta(fake: FakeEvolution, **changes: Any) -> Resposta:
    wanted: dict[str, Any] = {"phone": PHONE, "texto": "1", "id": "3EB0AAAA00000001", "enviada_em": fake.clock()}
    return Resposta(**(wanted | changes))


def receipts(hospital: Hospital, provider: Any) -> list[Recebida]:
    """Return what was told by messages.update alone."""
    return [one for one in hospital.read(provider) if one.kind == "status" and one.sent_at is None]


@pytest.mark.parametrize(
    ("when", "states"),
    [
        (Receipts.NORMAL, sorted(ALL)),
        (Receipts.TWICE, sorted(ALL * 2)),
        (Receipts.REVERSED, sorted(ALL)),
        (Receipts.EARLY, ALL),
        (Receipts.NEVER, []),
    ],
)
@pytest.mark.parametrize("arrays", [False, True])
async def test_receipts(
    fake: FakeEvolution, hospital: Hospital, make_provider: Any, *, when: Receipts, states: list[E], arrays: bool
) -> None:
    await set_webhook(fake, hospital, **{"X-Webhook-Secret": SECRET})
    fake.receipts, fake.receipts_in_arrays = when, arrays
    provider = make_provider()
    receipt = await provider.send(message())
    await fake.avisos.settled()
    told = receipts(hospital, provider)
    found = [one.estado for one in told]
    assert (found if when is Receipts.EARLY else sorted(found)) == states
    assert {(one.about_id, one.telefone) for one in told} <= {(receipt.message_id, "553187654321")}
    assert all(provider.is_authentic(call, [SECRET], now=fake.clock()) for call in hospital.calls)


async def test_a_message_that_did_not_arrive(fake: FakeEvolution, hospital: Hospital, make_provider: Any) -> None:
    await set_webhook(fake, hospital)
    fake.undelivered.add(PHONE)
    provider = make_provider()
    receipt = await provider.send(message())
    await fake.avisos.settled()
    (told,) = receipts(hospital, provider)
    assert (told.about_id, told.estado, told.falha, told.codigo) == (
        receipt.message_id,
        E.FALHOU,
        Falha.RECUSADA,
        "ERROR",
    )


async def test_the_echo_tells_what_a_lost_answer_did_not(
    fake: FakeEvolution, hospital: Hospital, make_provider: Any
) -> None:
    await set_webhook(fake, hospital)
    provider, outbound = make_provider(), message()
    fake.fail_next("send", Fault.LOST_ANSWER)
    with pytest.raises(Ambiguous):
        await provider.send(outbound)
    await fake.avisos.settled()
    (echo,) = [one for one in hospital.read(provider) if one.sent_at is not None]
    assert (echo.kind, echo.estado, echo.about_id) == ("status", E.ENVIADA, fake.messages[0].id)
    assert (echo.telefone, echo.texto, echo.sent_at) == ("553187654321", outbound.text, fake.clock())


async def test_the_token_proves_the_caller_too(fake: FakeEvolution, hospital: Hospital, make_provider: Any) -> None:
    await set_webhook(fake, hospital, jwt_key=SECRET)
    fake.reply(resposta(fake))
    await fake.avisos.settled()
    (call,) = hospital.calls
    assert "jwt_key" not in call.headers
    assert make_provider().is_authentic(call, [SECRET], now=fake.clock())
    assert not make_provider().is_authentic(call, ["outro"], now=fake.clock())
    assert not make_provider(instancia="outra").is_authentic(call, [SECRET], now=fake.clock())


@pytest.mark.parametrize("forma", list(Forma))
async def test_every_shape_the_fake_makes_is_read(
    fake: FakeEvolution, hospital: Hospital, make_provider: Any, forma: Forma
) -> None:
    await set_webhook(fake, hospital)
    fake.reply(resposta(fake, texto="Confirmar", botao="confirm:1", citada="3EB0C0FFEE00000001", nome="Maria"), forma)
    await fake.avisos.settled()
    (read,) = hospital.read(make_provider())
    assert (read.kind, read.telefone, read.nome, read.sent_at) == ("resposta", "553187654321", "Maria", fake.clock())
    assert read.quoted_id == "3EB0C0FFEE00000001"
    assert read.texto == ("" if forma is Forma.AUDIO else "Confirmar")
    assert read.midia == {Forma.AUDIO: "audio", Forma.FOTO: "image", Forma.REACAO: "reaction"}.get(forma)
    touched = {Forma.BOTAO, Forma.BOTAO_DE_MODELO, Forma.BOTAO_NATIVO, Forma.LISTA}
    assert read.botao == ("confirm:1" if forma in touched else None)


@pytest.mark.parametrize(
    ("changes", "telefone", "subscriber_id"),
    [
        ({"lid": "114001234567890@lid"}, "553187654321", "114001234567890@lid"),
        ({"lid": "114001234567890@lid", "lid_hides_phone": True}, None, "114001234567890@lid"),
        ({"hora_em_metades": True}, "553187654321", None),
    ],
)
async def test_privacy_ids_and_old_clocks(
    fake: FakeEvolution,
    hospital: Hospital,
    make_provider: Any,
    *,
    changes: dict[str, Any],
    telefone: str | None,
    subscriber_id: str | None,
) -> None:
    await set_webhook(fake, hospital)
    fake.reply(resposta(fake, **changes))
    await fake.avisos.settled()
    (read,) = hospital.read(make_provider())
    assert (read.telefone, read.subscriber_id, read.sent_at) == (telefone, subscriber_id, fake.clock())


async def test_an_answer_told_twice_has_one_id(fake: FakeEvolution, hospital: Hospital, make_provider: Any) -> None:
    await set_webhook(fake, hospital)
    fake.reply(resposta(fake), copies=2)
    await fake.avisos.settled()
    first, second = hospital.read(make_provider())
    assert first == second
    assert first.message_id == "3EB0AAAA00000001"


@pytest.mark.parametrize(
    ("statuses", "calls"),
    [
        ([], 1),
        ([503, 502], 3),
        ([429], 2),
        ([401, 200], 1),
        ([400, 200], 1),
        ([404], 1),
        ([422], 1),
        ([500] * 12, 10),
    ],
)
async def test_what_is_told_again(fake: FakeEvolution, hospital: Hospital, statuses: list[int], calls: int) -> None:
    await set_webhook(fake, hospital)
    hospital.statuses = statuses
    fake.reply(resposta(fake))
    await fake.avisos.settled()
    assert len(hospital.calls) == calls
    assert len({call.body for call in hospital.calls}) == 1


async def test_the_connection_is_told(fake: FakeEvolution, hospital: Hospital, make_provider: Any) -> None:
    await set_webhook(fake, hospital)
    fake.switch("close", 401)
    await fake.avisos.settled()
    (told,) = hospital.read(make_provider())
    assert (told.kind, told.status, told.falha, told.codigo) == ("conta", "close", Falha.CONFIGURACAO, "401")


async def test_only_what_was_asked_for_is_told(fake: FakeEvolution, hospital: Hospital, make_provider: Any) -> None:
    webhook = {"enabled": True, "url": hospital.url, "byEvents": True, "events": ["CONNECTION_UPDATE"]}
    await ask(fake, "/webhook/set/santacasa", {"webhook": webhook})
    fake.reply(resposta(fake))
    await make_provider().send(message())
    fake.switch("connecting")
    await fake.avisos.settled()
    assert [call.url.rpartition("/")[2] for call in hospital.calls] == ["connection-update"]
    assert await ask(fake, "/webhook/find/santacasa", None, method="GET") == (
        200,
        {"url": hospital.url, "enabled": True},
    )


async def test_the_fake_knows_who_has_whatsapp(fake: FakeEvolution) -> None:
    fake.without_whatsapp.add("5531981112222")
    _, told = await ask(fake, "/chat/whatsappNumbers/santacasa", {"numbers": [PHONE, "5531981112222"]})
    assert [(one["exists"], one["jid"]) for one in told] == [
        (True, "553187654321@s.whatsapp.net"),
        (False, "553181112222@s.whatsapp.net"),
    ]
