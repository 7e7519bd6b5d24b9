"""What a page of another site can make an operator's browser do here: nothing."""

from pathlib import Path

import aiohttp
import pytest

from app.config import ServerSettings
from app.database import Database
from tests.web.apoio import Create, FakeContexto, make_contexto, serve

ELSEWHERE = [
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, id="another port of this machine"),
    pytest.param({"Origin": "https://outro.exemplo"}, id="an origin alone"),
    pytest.param({"Origin": "null"}, id="a page without an origin"),
    pytest.param({"Origin": "http://[::1"}, id="an origin that is none"),
]
PERSONAL = ["/painel", "/api/v1/atendimentos", "/docs", "/nada"]


@pytest.mark.parametrize("headers", ELSEWHERE)
async def test_sec_21_another_site_confirms_cancels_and_sends_nothing(
    client: aiohttp.ClientSession, create: Create, headers: dict[str, str]
) -> None:
    visit = f"/api/v1/atendimentos/{(await create())['id']}"
    for path in (f"{visit}/confirmar", f"{visit}/cancelar", "/test/workflow/1", "/webhook/botconversa"):
        async with client.post(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "proibido")
    async with client.get(visit) as answer:
        assert (await answer.json())["status_confirmacao"] == "pendente"


async def test_our_own_pages_and_programs_may(client: aiohttp.ClientSession, create: Create) -> None:
    visit = f"/api/v1/atendimentos/{(await create())['id']}"
    ours = str(client._base_url).rstrip("/")
    for headers in ({}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin", "Origin": ours}):
        async with client.post(f"{visit}/confirmar", headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["outro.exemplo", "outro.exemplo:5001", "127.0.0.1.outro.exemplo", "localhost.exemplo"]
)
async def test_a_name_that_was_made_to_lead_here_reads_nothing(client: aiohttp.ClientSession, host: str) -> None:
    for path in PERSONAL:
        async with client.get(path, headers={"Host": host}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "endereco_desconhecido")


@pytest.mark.parametrize("host", ["localhost:5001", "LOCALHOST", "127.0.0.1", "[::1]:5001", "10.0.0.7:80"])
async def test_addresses_and_this_machine_are_ours(client: aiohttp.ClientSession, host: str) -> None:
    async with client.get("/painel", headers={"Host": host}) as answer:
        assert answer.status == 200


async def test_programs_call_by_the_name_their_network_has(client: aiohttp.ClientSession) -> None:
    async with client.post("/webhook/botconversa", json={}, headers={"Host": "confirma:5001"}) as answer:
        assert answer.status == 200
    async with client.get("/health", headers={"Host": "confirma:5001"}) as answer:
        assert answer.status == 200


async def test_the_public_address_is_ours(database: Database, contexto: FakeContexto, tmp_path: Path) -> None:
    public = ServerSettings(public_base_url="https://confirma.exemplo")
    here = make_contexto(database, contexto.tenant_id, contexto.now, tmp_path, server=public)
    async with serve(here) as client:
        async with client.get("/painel", headers={"Host": "confirma.exemplo"}) as answer:
            assert answer.status == 200
        headers = {"Origin": "https://confirma.exemplo", "Sec-Fetch-Site": "same-origin"}  # the proxy renames the host
        async with client.post("/test/workflow/1", headers=headers) as answer:
            assert answer.status == 200
