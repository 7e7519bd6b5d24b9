"""Channels, and single acts at the gateway, over real HTTP to the fake account."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.simulator.botconversa import FakeBotconversa
from tests.integration.cli.apoio import Confirma, daqui
from tests.integration.cli.test_cli_atendimento import create


@pytest.fixture(scope="module")
async def canal(confirma: Confirma) -> AsyncIterator[dict[str, Any]]:
    """Return the channel of these tests, as its creation showed it."""
    done = await confirma("canal", "criar", "principal", "--campo", "id_tabela=id_tabela", "--json")
    assert done.rc == 0, done.err
    yield done.json
    await confirma("canal", "pausar", "principal")


async def test_a_channel_shows_its_secret_once(confirma: Confirma, canal: dict[str, Any]) -> None:
    listed = await confirma("canal", "listar", "--json")
    people = await confirma("canal", "listar")
    assert canal["webhook_url"].endswith(f"/webhook/{canal['public_id']}")
    assert len(canal["segredo_webhook"]) >= 32
    assert {item["nome"] for item in listed.json["items"]} >= {"botconversa", "principal"}  # the first: from settings
    assert canal["segredo_webhook"] not in listed.out
    assert "principal" in people.out


@pytest.mark.usefixtures("canal")
async def test_a_name_is_taken_once(confirma: Confirma) -> None:
    done = await confirma("canal", "criar", "principal", "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "canal_repetido")


@pytest.mark.usefixtures("canal")
@pytest.mark.parametrize(
    ("opcoes", "env", "codigo"),
    [
        pytest.param((), {"BOTCONVERSA_API_KEY": ""}, "sem_chave", id="no key anywhere"),
        pytest.param(("--api-key-stdin",), {}, "canal_invalido", id="an empty key"),
        pytest.param(("--campo", "id_tabela"), {}, "campo_invalido", id="a field without a name there"),
    ],
)
async def test_a_channel_that_cannot_work_is_refused(
    confirma: Confirma, opcoes: tuple[str, ...], env: dict[str, str], codigo: str
) -> None:
    done = await confirma("canal", "criar", "outro", *opcoes, "--json", env=env)
    assert (done.rc, done.json["erro"]["codigo"]) == (2, codigo)


@pytest.mark.usefixtures("canal")
async def test_a_wrong_key_shows_when_tried(confirma: Confirma) -> None:
    made = await confirma("canal", "criar", "errado", "--api-key-stdin", "--prioridade", "9", stdin="chave-errada\n")
    done = await confirma("canal", "testar", "errado", "--json")
    right = await confirma("canal", "testar", "principal", "--json")
    assert made.rc == 0
    assert "chave-errada" not in made.out + made.err
    assert (done.rc, done.json["ok"]) == (1, False)
    assert (right.rc, right.json["ok"]) == (0, True)
    await confirma("canal", "pausar", "errado")  # the hospital's health is that of the channels in use


@pytest.mark.usefixtures("canal")
async def test_paused_and_resumed(confirma: Confirma) -> None:
    paused = await confirma("canal", "pausar", "principal", "--minutos", "30", "--motivo", "manutenção", "--json")
    people = await confirma("canal", "listar")
    resumed = await confirma("canal", "retomar", "principal", "--json")
    nobody = await confirma("canal", "pausar", "nenhum", "--json")
    assert paused.json["pausa_motivo"] == "manutenção"
    assert "pausado" in people.out
    assert resumed.json["pausado_ate"] is None
    assert (nobody.rc, nobody.json["erro"]["codigo"]) == (1, "canal_inexistente")


@pytest.mark.usefixtures("canal")
async def test_a_whole_send_and_its_answer(confirma: Confirma, botconversa: FakeBotconversa) -> None:
    created = await create(confirma, "gw-1", "--telefone", "(31) 95555-1001", dias=3)
    sent = await confirma("workflow", str(created["id"]), "--json")
    answered = await confirma(
        "resposta", "processar", "--telefone", "31955551001", "--texto", "1", "--id", str(created["id"]), "--json"
    )
    story = await confirma("explicar", str(created["id"]), "--json")
    refused = await confirma("workflow", str(created["id"]), "--json")
    assert sent.rc == 0, sent.out
    assert [step["ok"] for step in sent.json["steps"]] == [True] * len(sent.json["steps"])
    texts = [m["texto"] for m in botconversa.conversation(sent.json["subscriber_id"])["mensagens"]]  # type: ignore[attr-defined]
    assert len(texts) == 1
    assert (answered.json["status"], answered.json["atendimento_id"]) == ("CONFIRMADO", created["id"])
    assert story.json["status_confirmacao"] == "confirmado"
    assert (refused.rc, refused.json["erro"]["codigo"]) == (1, "respondida")


@pytest.mark.usefixtures("canal")
async def test_an_answer_of_nobody_is_told_as_such(confirma: Confirma) -> None:
    done = await confirma("resposta", "processar", "--telefone", "31900000001", "--texto", "1", "--json")
    people = await confirma("resposta", "processar", "--telefone", "", "--texto", "1")
    assert (done.rc, done.json["status"]) == (0, "SEM_ATENDIMENTO")
    assert people.rc == 2


@pytest.mark.usefixtures("canal")
async def test_contacts_by_hand(confirma: Confirma) -> None:
    sent = await confirma("mensagem", "enviar", "--telefone", "31 94444-2002", "--texto", "Olá!", "--json")
    contato = sent.json["subscriber_id"]
    acts = {
        "fluxo": await confirma("fluxo", "enviar", contato, "confirmacao", "--json"),
        "campanha": await confirma("campanha", "adicionar", contato, "Confirmações", "--json"),
        "etiqueta": await confirma("etiqueta", "adicionar", "+5531944442002", "confirmacao", "--json"),
        "campo": await confirma("campo", "adicionar", contato, "id_tabela", "15", "--json"),
    }
    assert {name: (act.rc, act.json["subscriber_id"]) for name, act in acts.items()} == dict.fromkeys(
        acts, (0, contato)
    )


@pytest.mark.usefixtures("canal")
@pytest.mark.parametrize("grupo", ["fluxo", "campanha", "etiqueta", "campo"])
async def test_what_the_account_has_is_listed(confirma: Confirma, grupo: str) -> None:
    done = await confirma(grupo, "listar", "--json")
    assert done.rc == 0
    assert {"id", "name"} == set(done.json["items"][0])


@pytest.mark.usefixtures("canal")
@pytest.mark.parametrize(
    ("argv", "rc", "codigo"),
    [
        pytest.param(("mensagem", "enviar", "--telefone", "123", "--texto", "x"), 2, "telefone_curto", id="bad phone"),
        pytest.param(
            ("mensagem", "enviar", "--telefone", "31944442002", "--texto", " "), 2, "texto_vazio", id="no text"
        ),
        pytest.param(("fluxo", "enviar", "1", "não há"), 1, "gateway_recusou", id="no such flow"),
        pytest.param(("etiqueta", "adicionar", "+5531900009999", "x"), 1, "contato_inexistente", id="no such contact"),
    ],
)
async def test_what_the_gateway_cannot_do(confirma: Confirma, *, argv: tuple[str, ...], rc: int, codigo: str) -> None:
    done = await confirma(*argv, "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (rc, codigo)


@pytest.mark.usefixtures("canal")
async def test_who_asked_for_silence_is_not_written_to(confirma: Confirma, botconversa: FakeBotconversa) -> None:
    created = await create(confirma, "gw-silencio", "--telefone", "(31) 93333-3003", dias=4)
    await confirma("workflow", str(created["id"]))
    await confirma("resposta", "processar", "--telefone", "31933333003", "--texto", "SAIR")
    before = botconversa.requests
    done = await confirma("mensagem", "enviar", "--telefone", "31933333003", "--texto", "Olá!", "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "pediu_para_parar")
    assert botconversa.requests == before


@pytest.mark.usefixtures("canal")
async def test_status_in_both_ways(confirma: Confirma) -> None:
    await create(confirma, "gw-status", "--data", daqui(1, "11:30"))
    done = await confirma("status", "--json")
    people = await confirma("status")
    assert done.json["hospital"] == "Santa Casa de Teste"
    assert done.json["gateway"]["ok"] is True
    assert done.json["dias"][1]["total"] >= 1
    assert {"agendada", "na_fila", "em_envio", "incerta", "atraso_s"} == set(done.json["fila"])
    assert "Santa Casa de Teste" in people.out
    assert "planejar" in people.out


@pytest.mark.usefixtures("canal")
async def test_the_gateway_away_is_a_failure(confirma: Confirma, botconversa: FakeBotconversa) -> None:
    up = await confirma("testar", "gateway", "--json")
    botconversa.options.outage = 503
    try:
        down = await confirma("testar", "gateway", "--json")
    finally:
        botconversa.options.outage = None
    assert (up.rc, up.json["ok"]) == (0, True)
    assert (down.rc, down.json["ok"]) == (1, False)
