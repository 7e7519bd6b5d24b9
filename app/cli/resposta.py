"""`confirma resposta processar`: a patient's answer, fed in as if the gateway had brought it."""

import json
from http import HTTPStatus
from typing import Annotated, Any, Final

import typer

from app.cli.erros import Falha, UsoErrado
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.providers.assinatura import SECRET_HEADER
from app.providers.base import WebhookCall
from app.wiring import Programa
from app.workers.canais import CanalPronto
from app.workers.inbox import WebhookAnswer

grupo = typer.Typer(help="Respostas de pacientes.", no_args_is_help=True)

_TIPO: Final = "botconversa"


@comando(grupo, "processar")
def processar(
    tela: Terminal,
    *,
    telefone: Annotated[str, typer.Option(help="De quem é a resposta.")],
    texto: Annotated[str, typer.Option(help="O que o paciente escreveu.")],
    atendimento_id: Annotated[int | None, typer.Option("--id", help="O id_tabela que viria do gateway.")] = None,
) -> None:
    """Processa uma resposta como se ela tivesse chegado pelo webhook."""
    body = {
        "telefone": telefone,
        "subscriber_id": "",
        "resposta": texto,
        **({"id_tabela": atendimento_id} if atendimento_id is not None else {}),
    }
    answer = tela.run(lambda programa: _receive(programa, json.dumps(body).encode()))
    if answer.status_code != HTTPStatus.OK:
        raise UsoErrado(str(answer.body.get("code")), str(answer.body.get("message")))
    lido: dict[str, Any] = dict(answer.body)
    tela.show(
        lido,
        facts(
            None,
            {
                "Resultado": lido.get("status"),
                "O que houve": lido.get("message"),
                "Atendimento": lido.get("atendimento_id"),
            },
        ),
    )


async def _receive(programa: Programa, body: bytes) -> WebhookAnswer:
    canal = await _channel(programa)
    headers = {"content-type": "application/json"}
    if canal.segredos:
        headers[SECRET_HEADER] = canal.segredos[0]
    return await programa.webhook.receive(WebhookCall(body, headers), canal=canal.public_id, now=programa.clock())


async def _channel(programa: Programa) -> CanalPronto:
    for (tenant_id, _), pronto in sorted((await programa.canais.all()).items()):
        if tenant_id == programa.tenant_id and pronto.ativo and pronto.tipo == _TIPO:
            return pronto
    raise Falha("sem_canal", "Nenhum canal da Botconversa está configurado: crie um com `confirma canal criar NOME`.")
