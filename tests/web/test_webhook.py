"""The webhook's own side: bytes untouched, forms explained, limits kept, answers passed on."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from app.providers.base import Misconfigured
from tests.web.apoio import Answer, FakeContexto

URL = "/webhook/botconversa"
MIB = 1024 * 1024


async def test_the_raw_body_and_the_headers_reach_the_receiver(
    contexto: FakeContexto, client: aiohttp.ClientSession
) -> None:
    body = b'\xef\xbb\xbf{ "resposta" :  "1",\n"telefone":"5531987654321"}'
    headers = {"Content-Type": "application/json", "X-Webhook-Signature": "AbC", "X-Request-Id": "evento-0001"}
    async with client.post(URL, data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True, "status": "CONFIRMADO"})
        assert answer.headers["X-Request-Id"] == "evento-0001"
    async with client.post("/webhook/abc123", data=body) as answer:
        assert answer.status == 200
    (first, second) = contexto.webhook.calls
    assert (first[1], first[2], first[0]["x-webhook-signature"]) == (body, None, "AbC")
    assert second[2] == "abc123"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_a_refusal_keeps_its_status_and_its_code(
    contexto: FakeContexto, client: aiohttp.ClientSession, status: int
) -> None:
    contexto.webhook.answer = Answer(status, {"code": "motivo", "message": "Uma frase.", "campo": "telefone"})
    async with client.post(URL, json={}) as answer:
        problem = await answer.json()
        assert answer.content_type == "application/problem+json"
    assert (answer.status, problem["status"], problem["code"]) == (status, status, "motivo")
    assert (problem["detail"], problem["success"], problem["campo"]) == ("Uma frase.", False, "telefone")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_form_is_told_how_to_become_json(
    contexto: FakeContexto, client: aiohttp.ClientSession, kind: str
) -> None:
    async with client.post(URL, data=b"resposta=1", headers={"Content-Type": kind}) as answer:
        problem = await answer.json()
    assert (answer.status, problem["code"]) == (415, "formulario")
    assert "n8n" in problem["detail"]
    assert contexto.webhook.calls == []


async def test_a_body_up_to_the_limit_is_taken(contexto: FakeContexto, client: aiohttp.ClientSession) -> None:
    async with client.post(URL, data=io.BytesIO(b"x" * (3 * MIB))) as answer:
        assert answer.status == 200
    assert len(contexto.webhook.calls[0][1]) == 3 * MIB


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * (MIB // 4)


@pytest.mark.parametrize(
    ("path", "chunks"),
    [(URL, 14), ("/webhook/canal", 14), ("/api/v1/atendimentos", 3), ("/api/v1/atendimentos/lote", 84)],
)
async def test_a_chunked_body_over_the_limit_is_cut_off(
    contexto: FakeContexto, client: aiohttp.ClientSession, path: str, chunks: int
) -> None:
    async with client.post(path, data=_chunks(chunks), headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "corpo_grande")
    assert contexto.webhook.calls == []


async def test_an_announced_length_over_the_limit_is_refused_unread(client: aiohttp.ClientSession) -> None:
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".encode()
    assert b" 413 " in await _raw(client, head)


@pytest.mark.parametrize("length", ["-1", "abc", "1, 2"])
async def test_a_length_that_is_none_is_a_bad_request(client: aiohttp.ClientSession, length: str) -> None:
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{}}".encode()
    assert b" 400 " in await _raw(client, head)


async def _raw(client: aiohttp.ClientSession, sent: bytes) -> bytes:
    """Send bytes no client library would, and return the first line of the answer."""
    base = client._base_url
    assert base is not None
    reader, writer = await asyncio.open_connection(base.host, base.port)
    writer.write(sent)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


async def test_what_nobody_expected_is_a_plain_500(contexto: FakeContexto, client: aiohttp.ClientSession) -> None:
    contexto.webhook.failure = RuntimeError("segredo: Maria Souza /etc/passwd")
    async with client.post(URL, json={}) as answer:
        text = await answer.text()
        assert answer.status == 500
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    problem = json.loads(text)
    assert (problem["code"], problem["request_id"]) == ("erro_interno", answer.headers["X-Request-Id"])
    assert "Maria" not in text
    assert "passwd" not in text


async def test_a_lost_database_is_503_with_a_time_to_come_back(
    contexto: FakeContexto, client: aiohttp.ClientSession
) -> None:
    contexto.webhook.failure = ConnectionRefusedError()
    async with client.post(URL, json={}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (503, "banco_indisponivel")
        assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("secret", [True, False])
async def test_its_health_tells_what_is_set_up(
    contexto: FakeContexto, client: aiohttp.ClientSession, *, secret: bool
) -> None:
    contexto.webhook.secret = secret
    async with client.get(f"{URL}/health") as answer:
        read: dict[str, Any] = await answer.json()
    assert (answer.status, read["status"], read["last_event_at"], read["backlog"]) == (200, "ok", None, 0)
    assert {way for way, ready in read["signing"].items() if ready} == (
        {"hmac_sha256", "segredo_fixo", "standard_webhooks"} if secret else set()
    )


async def test_a_gateway_that_is_not_set_up_is_502(contexto: FakeContexto, client: aiohttp.ClientSession) -> None:
    contexto.gateway.failure = Misconfigured("HTTP 401")
    async with client.get("/test/campanhas") as answer:
        problem = await answer.json()
    assert (answer.status, problem["code"], problem["reason"]) == (502, "gateway_mal_configurado", "HTTP 401")
