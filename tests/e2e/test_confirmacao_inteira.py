"""One confirmation from the schedule's file to the words the patient reads, every part real."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import uvicorn

from app.connectors.csv_file import read_agenda
from app.main import create_app
from tests.cenario import Cenario, until

FONE = "27998123456"
ARQUIVO = f"""\
nr_seq_agenda;nome_paciente;telefone;nome_medico;especialidade;data_consulta;unidade;preparo;chegar_antes_min
5001;Joaquina Testemunha;{FONE};Dra. H;Cardiologia;05/03/2026 10:00;Ambulatório Central;Venha em jejum de 8 horas.;20
"""


@asynccontextmanager
async def serve(cenario: Cenario) -> AsyncIterator[aiohttp.ClientSession]:
    config = uvicorn.Config(create_app(cenario.programa), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def work(cenario: Cenario) -> AsyncIterator[None]:
    """Run the worker as the program does, but for the cron, whose clock is the test's."""
    worker = cenario.programa.worker(with_cron=False)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)


async def test_a_patient_is_asked_confirms_and_hears_how_to_prepare(cenario: Cenario, tmp_path: Path) -> None:
    agenda = tmp_path / "agenda.csv"
    agenda.write_text(ARQUIVO, encoding="utf-8")
    zona = cenario.programa.zona
    imported = await cenario.importar(*read_agenda(agenda, nome="agenda.csv", zona=zona))
    assert imported.criados == 1
    await cenario.execute("UPDATE unidades SET endereco = 'Rua das Acácias, 100', telefone = '(27) 3333-0000'")
    await cenario.programa.scheduler.run_all()
    async with work(cenario), serve(cenario) as client:
        await until(lambda: len(cenario.texts(FONE)) == 1, why="the question arrives")
        [question] = cenario.texts(FONE)
        assert "quinta-feira, 05/03, às 10:00" in question
        assert "Cardiologia" not in question

        body = json.dumps({"telefone": "5527998123456", "subscriber_id": "", "resposta": "1", "nr_seq_agenda": 5001})
        signature = hmac.new(cenario.segredo.encode(), body.encode(), hashlib.sha256).hexdigest()
        async with client.post(
            "/webhook/botconversa",
            data=body,
            headers={"X-Webhook-Signature": f"sha256={signature}", "Content-Type": "application/json"},
        ) as answer:
            told = await answer.json()
            assert (answer.status, told["success"], told["status"]) == (200, True, "CONFIRMADO")
            assert told["nr_seq_agenda"] == "5001"
        await until(lambda: len(cenario.texts(FONE)) == 2, why="the thanks arrive")
        thanks = cenario.texts(FONE)[1]
        for part in ("jejum de 8 horas", "Rua das Acácias, 100", "20 minutos antes", "05/03, às 10:00"):
            assert part in thanks

        async with client.get(f"/api/v1/atendimentos/{told['atendimento_id']}") as answer:
            lido = await answer.json()
        assert lido["status_confirmacao"] == "confirmado"
        assert [line["fato"] for line in lido["historico"]] == [
            "importado",
            "mensagem_planejada",
            "pergunta_saindo",
            "mensagem_enviada",
            "paciente_confirmou",
            "mensagem_enviada",
        ]
    assert await cenario.status("5001") == ["confirmado"]


async def test_a_stranger_is_turned_away_and_leaves_no_trace(cenario: Cenario) -> None:
    async with serve(cenario) as client:
        for headers in ({}, {"X-Webhook-Secret": "adivinhado"}):
            async with client.post(
                "/webhook/botconversa", json={"telefone": FONE, "resposta": "1"}, headers=headers
            ) as answer:
                assert answer.status == 401
    assert await cenario.rows("SELECT 1 FROM recebidas") == []
