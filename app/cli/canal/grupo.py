"""The group of commands, and the argument they share."""

from typing import Annotated

import typer

grupo = typer.Typer(help="Canais: as contas por onde as mensagens saem.", no_args_is_help=True)

Nome = Annotated[str, typer.Argument(metavar="CANAL", help="Nome ou número do canal.")]
Config = Annotated[
    list[str] | None,
    typer.Option("--config", metavar="CHAVE=VALOR", help="Configuração do tipo, repetível; veja `canal tipos TIPO`."),
]
Credencial = Annotated[
    list[str] | None,
    typer.Option("--credencial", metavar="CHAVE", help="Só o nome, repetível: o valor é perguntado sem aparecer."),
]
CredenciaisStdin = Annotated[
    bool,
    typer.Option("--credenciais-stdin", help="Lê as credenciais da entrada padrão: um objeto JSON {CHAVE: valor}."),
]
Taxa = Annotated[int | None, typer.Option(min=1, help="Quantas por minuto, na unidade do gateway.")]
Prioridade = Annotated[int | None, typer.Option(min=1, max=100, help="O menor número é usado primeiro.")]
ContatosPorDia = Annotated[
    int | None,
    typer.Option(min=0, help="A quantas pessoas o canal pode escrever primeiro em 24 horas; 0 tira o limite."),
]
