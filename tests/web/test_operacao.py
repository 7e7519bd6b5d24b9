"""Health, figures, the scheduler, the operator's trials; and what every answer has in common."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import text

from app.database import Database
from app.main import create_app
from app.providers.base import Ambiguous, BadNumber, StepResult, Throttled, Unavailable
from app.services.atendimento_service import AtendimentoInexistente, RegraRecusou
from tests.web.apoio import FakeContexto, FakeJob, corpo_atendimento, make_contexto, serve

CRIAR = "/api/v1/atendimentos"
INTERFACE = {
    "get /api/v1/atendimentos/{atendimento_id}/paciente",
    "post /api/v1/atendimentos/{atendimento_id}/paciente/anonimizar",
    "post /api/v1/auth/token",
    "post /api/v1/auth/refresh",
    "post /api/v1/auth/logout",
    "get /api/v1/atendimentos", "post /api/v1/atendimentos", "post /api/v1/atendimentos/lote",
    "get /api/v1/atendimentos/{atendimento_id}", "patch /api/v1/atendimentos/{atendimento_id}",
    "post /api/v1/atendimentos/{atendimento_id}/confirmar", "post /api/v1/atendimentos/{atendimento_id}/cancelar",
    "get /api/v1/modelos", "get /api/v1/modelos/{nome}", "post /api/v1/modelos/{nome}/versoes",
    "post /api/v1/modelos/{nome}/voltar", "post /api/v1/modelos/{nome}/previa", "post /api/v1/modelos/sincronizar",
    "put /api/v1/modelos/{nome}/aprovados/{canal_id}", "delete /api/v1/modelos/{nome}/aprovados/{canal_id}",
    "get /api/v1/conversas", "get /api/v1/conversas/tempos", "get /api/v1/conversas/{contato_id}",
    "post /api/v1/conversas/{contato_id}/assumir", "post /api/v1/conversas/{contato_id}/devolver",
    "post /api/v1/conversas/{contato_id}/encerrar", "post /api/v1/conversas/{contato_id}/responder",
    "post /api/v1/conversas/{contato_id}/nota", "get /api/v1/conversas/frases",
    "put /api/v1/conversas/frases/{nome}", "delete /api/v1/conversas/frases/{nome}",
    "get /api/v1/conhecimento", "post /api/v1/conhecimento/testar", "put /api/v1/conhecimento/entradas/{chave}",
    "delete /api/v1/conhecimento/entradas/{chave}",
    "get /api/v1/estatisticas", "post /webhook/botconversa", "get /webhook/botconversa/health", "get /webhook/{canal}",
    "post /webhook/{canal}", "post /test/workflow/{atendimento_id}",
    "post /test/subscriber/{subscriber_id}/send_flow", "get /test/campanhas", "get /scheduler/status",
    "get /health", "get /metrics",
}  # fmt: skip


async def test_health_is_ok_when_everything_answers(client: aiohttp.ClientSession) -> None:
    async with client.get("/health") as answer:
        read = await answer.json()
    assert (answer.status, read["status"]) == (200, "ok")
    assert set(read["checks"]) == {"database", "queue", "gateway", "disk"}
    assert set(read["checks"]["database"]) == {"status", "detail", "ms"}


async def test_a_silent_gateway_degrades_and_no_more(contexto: FakeContexto, client: aiohttp.ClientSession) -> None:
    contexto.gateway.healthy = False
    async with client.get("/health") as answer:
        read = await answer.json()
    assert (answer.status, read["status"], read["checks"]["gateway"]["status"]) == (200, "degraded", "down")


async def test_asking_for_health_does_not_spend_the_gateways_rate(
    contexto: FakeContexto, client: aiohttp.ClientSession
) -> None:
    for _ in range(5):
        async with client.get("/health") as answer:
            assert answer.status == 200
    assert contexto.gateway.checks == 1


async def test_without_a_database_nothing_works_and_health_says_so(hospital: int, contexto: FakeContexto) -> None:
    contexto.database = Database("postgresql+asyncpg://ninguem@127.0.0.1:9/nada")
    async with serve(contexto) as client:
        async with client.get("/health") as answer:
            read = await answer.json()
            assert (answer.status, read["status"], read["checks"]["database"]["status"]) == (503, "down", "down")
        for path in (CRIAR, f"/painel/atendimentos/{hospital}", "/painel", "/scheduler/status"):
            async with client.get(path) as answer:
                assert answer.status == 503
                assert "127.0.0.1:9" not in await answer.text()
    await contexto.database.close()


async def test_n8n_is_shown_where_it_is_set_up(database: Database, contexto: FakeContexto, tmp_path: Path) -> None:
    settings = {"n8n_base_url": "http://127.0.0.1:9"}
    other = make_contexto(database, contexto.tenant_id, contexto.now, tmp_path, **settings)
    async with serve(other) as client, client.get("/health") as answer:
        read = await answer.json()
    assert (read["status"], read["checks"]["n8n"]["status"]) == ("degraded", "down")


async def test_metrics_are_prometheus_text(client: aiohttp.ClientSession) -> None:
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        assert "confirma_messages" in await answer.text()


async def test_the_scheduler_tells_last_and_next_run_and_lag(
    database: Database, contexto: FakeContexto, client: aiohttp.ClientSession
) -> None:
    contexto.jobs = [
        FakeJob("web_pontual", "* * * * *", contexto.now + timedelta(minutes=1)),
        FakeJob("web_atrasada", "0 * * * *", contexto.now),
        FakeJob("web_nova", "0 8 * * *", contexto.now),
    ]
    ran = {"web_pontual": contexto.now, "web_atrasada": contexto.now - timedelta(hours=2)}
    async with database.global_scope() as session:
        for name, when in ran.items():
            await session.execute(
                text("""INSERT INTO execucoes (nome, ultima_em, resultado) VALUES (:n, :w, 'ok')
                     ON CONFLICT (nome) DO UPDATE SET ultima_em = excluded.ultima_em"""),
                {"n": name, "w": when},
            )
    async with client.get("/scheduler/status") as answer:
        read = await answer.json()
    assert (answer.status, read["running"]) == (200, True)
    lags = {job["name"]: (job["last_result"], job["lag_s"]) for job in read["jobs"]}
    assert lags == {"web_pontual": ("ok", 0.0), "web_atrasada": ("ok", 3600.0), "web_nova": (None, 0.0)}


async def test_a_workflow_shows_its_steps(client: aiohttp.ClientSession) -> None:
    async with client.post("/test/workflow/15") as answer:
        read = await answer.json()
    assert (answer.status, read["success"], read["subscriber_id"]) == (200, True, "s-15")
    assert read["steps"] == [{"step": "subscriber", "ok": True, "ms": 1.5, "detail": "", "id": "s-1"}]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        pytest.param(AtendimentoInexistente(15), 404, "atendimento_inexistente", id="no such visit"),
        pytest.param(RegraRecusou("respondida", "Já respondeu."), 409, "respondida", id="a rule says no"),
        pytest.param(Throttled(7), 503, "gateway_limitado", id="too fast"),
        pytest.param(Unavailable("HTTP 500"), 502, "gateway_indisponivel", id="down"),
        pytest.param(Ambiguous("sem resposta"), 504, "gateway_incerto", id="who knows"),
        pytest.param(BadNumber("HTTP 400"), 502, "gateway_recusou", id="a refusal, by its parent's entry"),
    ],
)
async def test_each_failure_of_a_workflow_has_its_status(
    *, contexto: FakeContexto, client: aiohttp.ClientSession, failure: Exception, status: int, code: str
) -> None:
    contexto.gateway.failure = failure
    async with client.post("/test/workflow/15") as answer:
        problem = await answer.json()
    assert (answer.status, problem["code"]) == (status, code)


async def test_a_failed_workflow_still_shows_how_far_it_came(
    contexto: FakeContexto, client: aiohttp.ClientSession
) -> None:
    steps = (StepResult("subscriber", ok=True, ms=2.0), StepResult("send_message", ok=False, ms=9.0, detail="HTTP 500"))
    contexto.gateway.failure = Unavailable("HTTP 500", steps=steps)
    async with client.post("/test/workflow/15") as answer:
        problem = await answer.json()
    assert [(step["step"], step["ok"]) for step in problem["steps"]] == [("subscriber", True), ("send_message", False)]


@pytest.mark.parametrize(
    ("body", "flow"), [({"flow_id": 7}, "7"), ({"flow_id": "7"}, "7"), ({"flow_name": "Boas-vindas"}, "Boas-vindas")]
)
async def test_a_flow_is_sent_by_id_or_by_name(
    *, contexto: FakeContexto, client: aiohttp.ClientSession, body: dict[str, Any], flow: str
) -> None:
    async with client.post("/test/subscriber/701/send_flow", json=body) as answer:
        assert answer.status == 200
    assert contexto.gateway.flows == [("701", flow)]


@pytest.mark.parametrize("body", [{}, {"flow_id": 1, "flow_name": "x"}, {"flow": 1}, {"flow_name": ""}])
async def test_a_flow_that_is_not_named_is_refused(client: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    async with client.post("/test/subscriber/701/send_flow", json=body) as answer:
        assert answer.status == 422


async def test_campaigns_are_listed(client: aiohttp.ClientSession) -> None:
    async with client.get("/test/campanhas") as answer:
        assert await answer.json() == {"items": [{"id": "42", "name": "Confirmações"}]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "json_invalido", id="broken"),
        pytest.param(b"", 422, "dados_invalidos", id="nothing"),
        pytest.param(b'{"nome_paciente": "\xff"}', 400, "codificacao_invalida", id="not UTF-8"),
        pytest.param(b'{"sala": "1", "sala": "2"}', 400, "chave_repetida", id="a key twice"),
        pytest.param(b'{"duracao_min": NaN}', 400, "numero_invalido", id="NaN"),
        pytest.param(b'{"duracao_min": 1e999}', 400, "numero_invalido", id="infinity in disguise"),
        pytest.param(b'{"duracao_min": ' + b"9" * 5000 + b"}", 400, "numero_invalido", id="a huge integer"),
        pytest.param(b"[" * 50_000 + b"]" * 50_000, 422, "json_profundo", id="deep nesting"),
        pytest.param(b'{"a":' * 20_000, 422, "json_profundo", id="deep and never closed"),
        pytest.param(b'"' + b'\\"' * 125_000, 400, "json_invalido", id="a text of quotes that never ends"),
        pytest.param(b'"' + b'\\"' * 125_000 + b"\\", 400, "json_invalido", id="a text that ends in half an escape"),
        pytest.param(b"[]", 422, "dados_invalidos", id="a list"),
        pytest.param(b'"texto"', 422, "dados_invalidos", id="a string"),
        pytest.param(b'{"nome_paciente": "\\ud800"}', 422, "dados_invalidos", id="half of a pair"),
    ],
)
async def test_sec_09_bad_json_is_4xx_and_tells_nothing(
    *, client: aiohttp.ClientSession, body: bytes, status: int, code: str
) -> None:
    async with client.post(CRIAR, data=body, headers={"Content-Type": "application/json"}) as answer:
        text_ = await answer.text()
        problem = json.loads(text_)
    assert (answer.status, problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in text_


async def test_brackets_inside_a_text_are_no_nesting(client: aiohttp.ClientSession) -> None:
    async with client.post(CRIAR, json=corpo_atendimento(preparo="[" * 200 + '\\"' + "{" * 200)) as answer:
        assert answer.status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_sec_04_other_content_types_are_415(client: aiohttp.ClientSession, kind: str) -> None:
    body = json.dumps(corpo_atendimento()).encode()
    async with client.post(CRIAR, data=body, headers={"Content-Type": kind}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (415, "tipo_nao_aceito")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nada", 404, "nao_encontrado"),
        ("DELETE", CRIAR, 405, "metodo_nao_permitido"),
        ("TRACE", "/health", 405, "metodo_nao_permitido"),
        ("GET", f"{CRIAR}/99999999999999999999", 422, "dados_invalidos"),
        ("GET", f"{CRIAR}/0", 422, "dados_invalidos"),
        ("GET", f"{CRIAR}/abc", 422, "dados_invalidos"),
        ("GET", f"{CRIAR}/9999999999", 404, "atendimento_inexistente"),
    ],
)
async def test_wrong_addresses_are_problems_too(
    *, client: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    async with client.request(method, path) as answer:
        assert (answer.status, (await answer.json())["code"]) == (status, code)
        assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"


@pytest.mark.parametrize("given", ["x", "a" * 65, "um dois", "+5531987654321", "5531987654321"])
async def test_a_request_id_that_is_not_harmless_is_replaced(client: aiohttp.ClientSession, given: str) -> None:
    async with client.get("/nada", headers={"X-Request-Id": given}) as answer:
        assert answer.headers["X-Request-Id"] != given


@pytest.mark.parametrize("path", ["/health", CRIAR, "/painel", "/nada", "/openapi.json", "/docs"])
async def test_sec_22_every_answer_has_its_headers(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        headers = {
            name: answer.headers[name] for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control")
        }
    assert headers == {
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
    }  # fmt: skip
    assert "unsafe" not in policy
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy


async def test_https_is_kept_where_the_public_address_has_it(
    database: Database, contexto: FakeContexto, tmp_path: Path
) -> None:
    server = {"public_base_url": "https://confirma.exemplo.br"}
    other = make_contexto(database, contexto.tenant_id, contexto.now, tmp_path, server=server)
    async with serve(other) as client, client.get("/nada") as answer:
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


async def test_sec_24_operators_pages_are_closed_to_strangers(contexto: FakeContexto) -> None:
    contexto.porteiro.quem = None
    async with serve(contexto) as client:
        for method, path in (
            ("GET", "/docs"),
            ("GET", "/openapi.json"),
            ("GET", "/metrics"),
            ("GET", "/test/campanhas"),
            ("POST", "/test/workflow/1"),
        ):
            async with client.request(method, path) as answer:
                assert answer.status == 401, path


async def test_every_route_says_how_it_can_fail(contexto: FakeContexto) -> None:
    app = create_app(contexto)
    routes = [route for route in iter_route_contexts(app.routes) if hasattr(route, "responses")]
    undocumented = [
        route.path
        for route in routes
        if route.path != "/openapi.json" and not any(int(status) >= 400 for status in route.responses or {})
    ]
    assert len(routes) > 20
    assert undocumented == []


async def test_openapi_has_an_example_or_a_model_for_every_answer(client: aiohttp.ClientSession) -> None:
    async with client.get("/openapi.json") as answer:
        schema = await answer.json()
    told: set[str] = set()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            told.add(f"{method} {path}")
            assert operation["description"], path
            failures = {status for status in operation["responses"] if status >= "4"}
            assert failures, path
            for status in failures - {"503"}:
                content = operation["responses"][status]["content"]["application/problem+json"]
                assert content["schema"]["$ref"] == "#/components/schemas/Problema"
                assert content["example"]["status"] == int(status)
    assert told == INTERFACE
    refs = set(_refs(schema))
    assert refs <= {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def _refs(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in _refs(value)]
    return [ref for value in node for ref in _refs(value)] if isinstance(node, list) else []
