"""The account at the Cloud API: its templates, its health, and what the fake refuses as the service does."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from app.providers.base import Misconfigured, ProviderError, TemplateState, Throttled, Unavailable
from app.providers.http import HttpClient
from app.providers.meta.templates import read_page
from app.simulator.gateway import Fault
from app.simulator.meta import FakeMeta, SeedTemplate
from tests.contract.meta_bancada import PHONE, channel, options, running

REJECTED = SeedTemplate("promocao", "Ganhe {{1}}", named=False, status="REJECTED", category="MARKETING")
PENDING = SeedTemplate("novo", "Bom dia, {{nome}}!", status="PENDING")


@pytest.fixture
async def fake(clock: Any) -> AsyncIterator[FakeMeta]:
    async with running(clock) as server:
        yield server


async def test_templates(fake: FakeMeta, http: HttpClient, clock: Any) -> None:
    fake.templates |= {(seed.name, seed.language): seed for seed in (REJECTED, PENDING)}
    listed = await channel(fake, http, clock).list_templates()
    assert listed[:2] == [
        TemplateState(
            name="confirmacao_consulta",
            language="pt_BR",
            state="aprovado",
            category="utility",
            variables=("paciente", "data"),
            named=True,
            buttons=2,
        ),
        TemplateState("lembrete", "pt_BR", "aprovado", "utility", ("1", "2")),
    ]
    assert [(state.name, state.state, state.reason) for state in listed[2:]] == [
        ("pausado", "pausado", None),
        ("desativado", "desativado", None),
        ("promocao", "recusado", "PROMOTIONAL"),
        ("novo", "pendente", None),
    ]


async def test_templates_come_in_pages_and_the_token_stays_out_of_addresses(clock: Any, http: HttpClient) -> None:
    seeds = [SeedTemplate(f"modelo_{n}", "Olá {{nome}}!") for n in range(25)]
    async with running(clock, options(templates=seeds, page_size=10)) as fake:
        assert len(await channel(fake, http, clock).list_templates()) == 25
        with pytest.raises(Misconfigured, match="max_paginas"):  # half a list would tell of texts that are gone
            await channel(fake, http, clock, max_paginas=2).list_templates()
        assert fake.requests == 5
        assert [row["operacao"] for row in fake.log] == ["templates"] * 5


async def test_an_account_that_was_not_set_up(fake: FakeMeta, http: HttpClient, clock: Any) -> None:
    with pytest.raises(Misconfigured, match="waba_id"):
        await channel(fake, http, clock, waba_id=None).list_templates()
    with pytest.raises(Misconfigured):
        await channel(fake, http, clock, waba_id="999").list_templates()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.GARBAGE, Unavailable),
        (Fault.ERROR_AFTER, Unavailable),
        (Fault.RESET, Unavailable),
        (Fault.SILENT, Unavailable),
        (Fault.THROTTLE, Throttled),
    ],
)
async def test_a_question_may_be_repeated(
    fake: FakeMeta, http: HttpClient, clock: Any, *, fault: Fault, expected: type[ProviderError]
) -> None:
    provider = channel(fake, http, clock)
    fake.fail_next("templates", fault)
    with pytest.raises(expected):
        await provider.list_templates()
    fake.fail_next("check", fault)
    health = await provider.check()
    assert not health.ok
    assert health.detail


@pytest.mark.parametrize(
    "page",
    [None, [], {}, {"data": {}}, {"data": [1, {}, {"name": "x"}]}, {"data": [], "paging": {"next": "x", "cursors": 1}}],
)
def test_pages_of_other_shapes(page: object) -> None:
    assert read_page(page) in (None, ([], None))


def test_a_row_of_other_types() -> None:
    row = {"name": "x", "language": "pt_BR", "status": 1, "components": [2, {"type": "BUTTONS", "buttons": 3}]}
    read = read_page({"data": [row, {**row, "components": "texto", "rejected_reason": 4}]})
    assert read is not None
    assert [state.state for state in read[0]] == ["pendente", "pendente"]


@pytest.mark.parametrize(
    ("quality", "detail"),
    [("GREEN", "qualidade do número: alta"), ("RED", "qualidade do número: baixa"), ("UNKNOWN", "a Meta respondeu")],
)
async def test_health(clock: Any, http: HttpClient, quality: str, detail: str) -> None:
    async with running(clock, options(quality=quality)) as fake:
        health = await channel(fake, http, clock).check()
    assert health.ok
    assert health.detail.endswith(detail)


BEARER = {"Authorization": "Bearer token-de-teste-0001"}
SENDS = "/v24.0/106540352242922/messages"


def text(**said_otherwise: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": PHONE, "type": "text", "text": {"body": "Oi"}, **said_otherwise}


def buttons(*replies: Any, body: str = "Confirma?") -> dict[str, Any]:
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return text(type="interactive", text=None, interactive={"type": "button", "body": {"text": body}, "action": action})


def template(components: Any, name: str = "confirmacao_consulta") -> dict[str, Any]:
    said = {"name": name, "language": {"code": "pt_BR"}, "components": components}
    return {"messaging_product": "whatsapp", "to": PHONE, "type": "template", "template": said}


def values(*texts: Any) -> dict[str, Any]:
    names = ("paciente", "data")
    given = [{"type": "text", "parameter_name": name, "text": t} for name, t in zip(names, texts, strict=False)]
    return {"type": "body", "parameters": given}


def payload(index: str, said: Any, sub_type: str = "quick_reply") -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": index,
        "parameters": [{"type": "payload", "payload": said}],
    }


GOOD = {"id": "a", "title": "Confirmar"}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "expected"),
    [
        pytest.param("POST", SENDS, text(), {}, (401, 190), id="no token"),
        pytest.param("POST", SENDS, text(), {"Authorization": "Bearer x"}, (401, 190), id="wrong token"),
        pytest.param("POST", SENDS, text(), {"Authorization": "token-de-teste-0001"}, (401, 190), id="no bearer"),
        pytest.param("POST", "/v24.0/999/messages", text(), BEARER, (400, 100), id="another number"),
        pytest.param("POST", "/messages", text(), BEARER, (400, 2500), id="no version"),
        pytest.param("GET", SENDS, None, BEARER, (400, 100), id="nothing to read there"),
        pytest.param("POST", SENDS, text(messaging_product="sms"), BEARER, (400, 100), id="another product"),
        pytest.param("POST", SENDS, text(to="5531987654321"), BEARER, (400, 100), id="a phone without +"),
        pytest.param("POST", SENDS, text(to=None), BEARER, (400, 100), id="nobody"),
        pytest.param("POST", SENDS, text(recipient_type="group"), BEARER, (400, 100), id="a group"),
        pytest.param("POST", SENDS, text(text={"body": ""}), BEARER, (400, 100), id="no text"),
        pytest.param("POST", SENDS, text(text={"body": "x" * 4097}), BEARER, (400, 100), id="a long text"),
        pytest.param("POST", SENDS, text(text="Oi"), BEARER, (400, 100), id="a text of another shape"),
        pytest.param("POST", SENDS, text(novo=1), BEARER, (400, 100), id="a key nobody knows"),
        pytest.param("POST", SENDS, text(biz_opaque_callback_data="x" * 513), BEARER, (400, 100), id="a long key"),
        pytest.param("POST", SENDS, text(type="fax"), BEARER, (400, 131051), id="another kind"),
        pytest.param("POST", SENDS, [], BEARER, (400, 100), id="a list"),
        pytest.param("POST", SENDS, {k: v for k, v in buttons().items() if k != "text"}, BEARER, (400, 131009), id="0"),
        pytest.param("POST", SENDS, template([values("Maria")]), BEARER, (400, 132000), id="a value too few"),
        pytest.param("POST", SENDS, template([]), BEARER, (400, 132000), id="no value"),
        pytest.param("POST", SENDS, template([values("Maria", "a\nb")]), BEARER, (400, 132012), id="a line break"),
        pytest.param("POST", SENDS, template([values("Maria", "")]), BEARER, (400, 131008), id="an empty value"),
        pytest.param("POST", SENDS, template([], "outro"), BEARER, (400, 132001), id="no such template"),
        pytest.param(
            "POST", SENDS, template([values("M", "d"), payload("2", "x")]), BEARER, (400, 132012), id="no such button"
        ),
        pytest.param(
            "POST", SENDS, template([values("M", "d"), payload("0", "x", "url")]), BEARER, (400, 132012), id="no link"
        ),
        pytest.param(
            "POST", SENDS, template([values("M", "d"), payload("0", "")]), BEARER, (400, 100), id="an empty payload"
        ),
    ],
)
async def test_the_fake_refuses_what_the_service_refuses(
    fake: FakeMeta, *, method: str, path: str, body: Any, headers: dict[str, str], expected: tuple[int, int]
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, fake.url + path, json=body, headers=headers) as response,
    ):
        assert (response.status, (await response.json())["error"]["code"]) == expected
    assert fake.messages == []


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([GOOD, {**GOOD, "id": "b"}], id="one title twice"),
        pytest.param([GOOD, {**GOOD, "title": "B"}], id="one id twice"),
        pytest.param([{**GOOD, "title": "x" * 21}], id="a long title"),
        pytest.param([{**GOOD, "id": "x" * 257}], id="a long id"),
        pytest.param([{"id": str(n), "title": str(n)} for n in range(4)], id="four"),
    ],
)
async def test_the_fake_refuses_buttons(fake: FakeMeta, replies: list[Any]) -> None:
    body = {key: value for key, value in buttons(*replies).items() if key != "text"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(fake.url + SENDS, json=body, headers=BEARER) as response,
    ):
        assert response.status == 400
    assert fake.messages == []
