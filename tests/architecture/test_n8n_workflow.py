"""The importable n8n workflows: what n8n needs to load them, and what an answer needs not to be lost."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PASTA = Path(__file__).parents[2] / "integrations" / "n8n"
RESPOSTAS, REENVIO = "confirma-respostas.json", "confirma-reenvio.json"
VERSOES = {
    "webhook": 2.1,
    "set": 3.4,
    "code": 2,
    "crypto": 2,
    "httpRequest": 4.3,
    "respondToWebhook": 1.4,
    "postgres": 2.6,
    "scheduleTrigger": 1.2,
}
CREDENCIAIS = {"webhook": "httpHeaderAuth", "crypto": "crypto", "postgres": "postgres"}

No = dict[str, Any]


def load(arquivo: str) -> dict[str, Any]:
    fluxo: dict[str, Any] = json.loads((PASTA / arquivo).read_text(encoding="utf-8"))
    return fluxo


def nodes(arquivo: str) -> dict[str, No]:
    return {no["name"]: no for no in load(arquivo)["nodes"]}


def kind(no: No) -> str:
    return str(no["type"]).removeprefix("n8n-nodes-base.")


def targets(arquivo: str, nome: str, saida: int = 0) -> list[str]:
    saidas = load(arquivo)["connections"].get(nome, {}).get("main", [])
    return [destino["node"] for destino in saidas[saida]] if saida < len(saidas) else []


def reachable(arquivo: str, nome: str, saida: int = 0) -> set[str]:
    vistos: set[str] = set()
    fila = targets(arquivo, nome, saida)
    while fila:
        atual = fila.pop()
        if atual not in vistos:
            vistos.add(atual)
            fila += targets(arquivo, atual, 0) + targets(arquivo, atual, 1)
    return vistos


def texts(valor: object) -> Iterator[str]:
    if isinstance(valor, str):
        yield valor
    elif isinstance(valor, dict):
        for parte in valor.values():
            yield from texts(parte)
    elif isinstance(valor, list):
        for parte in valor:
            yield from texts(parte)


both = pytest.mark.parametrize("arquivo", [RESPOSTAS, REENVIO])


@both
def test_n8n_finds_what_it_needs_to_load_it(arquivo: str) -> None:
    fluxo = load(arquivo)
    assert fluxo["id"]
    assert fluxo["name"]
    assert fluxo["active"] is False
    nomes = [no["name"] for no in fluxo["nodes"]]
    assert len(nomes) == len(set(nomes))
    assert len({no["id"] for no in fluxo["nodes"]}) == len(nomes)
    for no in fluxo["nodes"]:
        assert {"name", "type", "typeVersion", "position", "parameters"} <= set(no)
        assert VERSOES[kind(no)] == no["typeVersion"]


@both
def test_every_connection_joins_nodes_that_exist_and_none_is_left_over(arquivo: str) -> None:
    nomes = set(nodes(arquivo))
    ligacoes = load(arquivo)["connections"]
    assert set(ligacoes) <= nomes
    destinos = {destino["node"] for saidas in ligacoes.values() for saida in saidas["main"] for destino in saida}
    assert destinos <= nomes
    gatilhos = {nome for nome, no in nodes(arquivo).items() if kind(no) in {"webhook", "scheduleTrigger"}}
    assert nomes - destinos == gatilhos
    for referido in re.findall(r"\$\('([^']+)'\)", " ".join(texts(load(arquivo)["nodes"]))):
        assert referido in nomes


@both
def test_credentials_are_named_and_no_secret_is_inside(arquivo: str) -> None:
    for no in nodes(arquivo).values():
        esperada = CREDENCIAIS.get(kind(no))
        assert set(no.get("credentials", {})) == ({esperada} if esperada else set())
        for referencia in no.get("credentials", {}).values():
            assert set(referencia) == {"id", "name"}
    escrito = " ".join(texts(load(arquivo)["nodes"]))
    assert "hmacSecret" not in escrito
    assert not re.search(r"(?i)bearer |api-key|password", escrito)


@both
def test_the_call_repeats_itself_and_a_failure_is_a_failure(arquivo: str) -> None:
    assert "neverError" not in (PASTA / arquivo).read_text(encoding="utf-8")
    entregar = nodes(arquivo)["Entregar à Confirma"]
    assert entregar["retryOnFail"] is True
    assert entregar["maxTries"] == 3
    assert entregar["onError"] == "continueErrorOutput"
    assert entregar["parameters"]["method"] == "POST"
    assert entregar["parameters"]["url"].endswith("/webhook/botconversa")


@both
def test_what_is_signed_is_byte_for_byte_what_is_sent(arquivo: str) -> None:
    assinar = nodes(arquivo)["Assinar"]["parameters"]
    entregar = nodes(arquivo)["Entregar à Confirma"]["parameters"]
    assert (assinar["action"], assinar["type"], assinar["encoding"]) == ("hmac", "SHA256", "hex")
    assert entregar["contentType"] == "raw"
    assert entregar["rawContentType"] == "application/json"
    assert assinar["value"] == entregar["body"] == "={{ $json.corpo }}"
    assert targets(arquivo, "Assinar") == ["Entregar à Confirma"]  # nothing in between may rewrite it
    cabecalhos = {c["name"]: c["value"] for c in entregar["headerParameters"]["parameters"]}
    assert cabecalhos["X-Webhook-Signature"] == f"=sha256={{{{ $json.{assinar['dataPropertyName']} }}}}"
    assert cabecalhos["X-Request-Id"] == "={{ $json.pedido_id }}"


def test_the_body_becomes_text_once() -> None:
    codigo = nodes(RESPOSTAS)["Montar corpo"]["parameters"]["jsCode"]
    assert codigo.count("corpo: JSON.stringify(lido === null ? recebido : escolher(lido))") == 1
    for campo in ("telefone", "subscriber_id", "resposta", "id_tabela", "nr_seq_agenda", "mensagem_id", "status"):
        assert f"'{campo}'" in codigo


def test_a_body_broken_by_the_patients_quote_is_let_in_and_mended() -> None:
    """As application/json n8n itself refuses it, before the workflow begins; what is no JSON it rewrites unsigned."""
    codigo = nodes(RESPOSTAS)["Montar corpo"]["parameters"]["jsCode"]
    assert "typeof recebido === 'string' ? ler(recebido) : recebido" in codigo
    pagina = (PASTA / "README.md").read_text(encoding="utf-8")
    assert "headers `Content-Type: text/plain` and `X-Webhook-Secret`" in pagina


def test_a_reinstalled_n8n_repeats_no_request_id() -> None:
    codigo = nodes(RESPOSTAS)["Montar corpo"]["parameters"]["jsCode"]
    assert "pedido_id: `n8n-${$workflow.id}-${$execution.id}-${Date.now().toString(36)}`" in codigo


def test_the_webhook_keeps_its_address_and_waits_for_the_reply() -> None:
    webhook = nodes(RESPOSTAS)["Resposta do Botconversa"]
    assert re.fullmatch(r"[0-9a-f-]{36}", webhook["webhookId"])
    assert webhook["parameters"]["responseMode"] == "responseNode"
    assert webhook["parameters"]["authentication"] == "headerAuth"
    assert webhook["parameters"]["httpMethod"] == "POST"


@pytest.mark.parametrize("nome", ["Assinar", "Entregar à Confirma"])
def test_the_error_branch_keeps_the_answer_and_tells_somebody(nome: str) -> None:
    assert nodes(RESPOSTAS)[nome]["onError"] == "continueErrorOutput"
    assert targets(RESPOSTAS, nome, 1) == ["Guardar resposta"]
    depois = reachable(RESPOSTAS, nome, 1)
    assert {"Guardar resposta", "Avisar a equipe", "Responder que ficou guardada"} <= depois
    guardar = nodes(RESPOSTAS)["Guardar resposta"]
    assert "INSERT INTO confirma_respostas_guardadas" in guardar["parameters"]["query"]
    assert "$('Montar corpo').first().json.corpo" in guardar["parameters"]["options"]["queryReplacement"]


def test_when_it_cannot_be_kept_the_execution_fails_in_sight_and_a_retry_keeps_it() -> None:
    """n8n's Retry begins at the node that failed: that node must be one that keeps the answer."""
    assert targets(RESPOSTAS, "Guardar resposta", 1) == ["Responder que não ficou guardada"]
    assert targets(RESPOSTAS, "Avisar que não ficou guardada") == ["Guardar de novo"]
    ultimo = nodes(RESPOSTAS)["Guardar de novo"]
    assert "onError" not in ultimo
    assert targets(RESPOSTAS, "Guardar de novo") == []
    assert "INSERT INTO confirma_respostas_guardadas" in ultimo["parameters"]["query"]
    assert "$('Montar corpo').first().json.corpo" in ultimo["parameters"]["options"]["queryReplacement"]
    assert load(RESPOSTAS)["settings"]["saveDataErrorExecution"] == "all"


def test_every_road_ends_in_one_reply_to_the_flow() -> None:
    respostas = {nome for nome, no in nodes(RESPOSTAS).items() if kind(no) == "respondToWebhook"}
    assert targets(RESPOSTAS, "Entregar à Confirma") == ["Responder ao Botconversa"]
    assert respostas & reachable(RESPOSTAS, "Guardar resposta", 0) == {"Responder que ficou guardada"}
    assert respostas & reachable(RESPOSTAS, "Guardar resposta", 1) == {"Responder que não ficou guardada"}


def test_alerts_say_nothing_of_the_patient() -> None:
    avisos = [no for nome, no in nodes(RESPOSTAS).items() if nome.startswith("Avisar")]
    assert len(avisos) == 2
    for aviso in avisos:
        assert "$json" not in aviso["parameters"]["body"]
        assert "Montar corpo" not in aviso["parameters"]["body"]


def test_a_kept_answer_is_sent_again_under_the_same_id_and_then_forgotten() -> None:
    consulta = nodes(REENVIO)["Guardadas"]["parameters"]["query"]
    assert re.search(r"SELECT pedido_id, corpo FROM confirma_respostas_guardadas", consulta)
    assert targets(REENVIO, "Entregar à Confirma", 0) == ["Esquecer entregue"]
    assert targets(REENVIO, "Entregar à Confirma", 1) == ["Contar tentativa"]
    assert "DELETE" in nodes(REENVIO)["Esquecer entregue"]["parameters"]["query"]


def test_the_table_has_the_columns_the_queries_name() -> None:
    tabela = (PASTA / "respostas_guardadas.sql").read_text(encoding="utf-8")
    for coluna in ("pedido_id", "corpo", "recebido", "erro", "tentativas", "guardada_em"):
        assert re.search(rf"^    {coluna} ", tabela, re.MULTILINE)


@both
def test_the_page_explains_every_node(arquivo: str) -> None:
    pagina = (PASTA / "README.md").read_text(encoding="utf-8")
    assert [nome for nome in nodes(arquivo) if f"**{nome}**" not in pagina] == []
