"""`confirma explicar`: why each message about an appointment was sent, held or skipped, and what comes next."""

from typing import Annotated

import typer

from app.cli.fichas import ficha, read_detalhe
from app.cli.saida import local, table
from app.cli.sessao import Terminal
from app.schemas.api.atendimento import MensagemOut


def explicar(
    tela: Terminal, atendimento_id: Annotated[int, typer.Argument(metavar="ID", help="Número do atendimento.")]
) -> None:
    """Conta a história de um atendimento: o que foi enviado, retido ou pulado, por quê, e o que vem a seguir."""
    detalhe, zona = tela.run(lambda programa: read_detalhe(programa, atendimento_id))
    historia = [(local(fato.em, zona), fato.texto, fato.quem) for fato in detalhe.historico]
    mensagens = [
        (
            local(mensagem.quando, zona),
            mensagem.passo,
            mensagem.estado,
            _modelo(mensagem),
            mensagem.motivo,
            local(mensagem.enviada_em, zona),
        )
        for mensagem in detalhe.mensagens
    ]
    colunas = ("Prevista", "Passo", "Estado", "Modelo", "Motivo", "Enviada")
    tela.show(
        detalhe,
        ficha(detalhe, zona),
        table("História", ("Quando", "O que houve", "Quem"), historia),
        table("Mensagens", colunas, mensagens) if mensagens else None,
        table("A seguir", ("Quando", "O quê"), [(local(item.em, zona), item.texto) for item in detalhe.proximos]),
    )


def _modelo(mensagem: MensagemOut) -> str:
    return mensagem.modelo if mensagem.modelo_versao is None else f"{mensagem.modelo} v{mensagem.modelo_versao}"
