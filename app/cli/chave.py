"""`confirma chave …`: how programs come in."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from app.auth.chaves import ChaveExistente, ChaveInexistente, ChaveNova, Chaves
from app.cli.erros import Falha, UsoErrado
from app.cli.saida import facts, table
from app.cli.sessao import Terminal, comando
from app.domain.permissao import Permissao
from app.models import Chave
from app.wiring import Programa

grupo = typer.Typer(help="Chaves de API, para programas.", no_args_is_help=True)

Nome = Annotated[str, typer.Argument(metavar="NOME", help="Quem usa a chave, como: n8n, integracao-tasy.")]
Dias = Annotated[int | None, typer.Option("--dias", min=1, max=3_650, help="Em quantos dias a chave expira.")]


@comando(grupo, "criar")
def criar(
    tela: Terminal,
    nome: Nome,
    *,
    escopo: Annotated[list[Permissao], typer.Option("--escopo", help="O que a chave pode; repita para vários.")],
    dias: Dias = None,
) -> None:
    """Cria uma chave e a mostra uma única vez."""
    vale = timedelta(days=dias) if dias else None

    async def create(programa: Programa) -> ChaveNova:
        try:
            return await _chaves(programa).create(nome, escopo, vale=vale)
        except ChaveExistente as error:
            raise UsoErrado("chave_existente", f"Já há uma chave {nome}: gire-a ou escolha outro nome.") from error

    _show_new(tela, tela.run(create))


@comando(grupo, "girar")
def girar(
    tela: Terminal,
    nome: Nome,
    *,
    horas: Annotated[int, typer.Option("--horas", min=0, max=8_760, help="Por quanto a antiga ainda abre.")] = 168,
) -> None:
    """Cria a sucessora de uma chave; a antiga abre por mais um tempo, para a troca."""

    async def rotate(programa: Programa) -> ChaveNova:
        try:
            return await _chaves(programa).rotate(nome, resta=timedelta(hours=horas))
        except ChaveInexistente as error:
            raise _missing(nome) from error

    _show_new(tela, tela.run(rotate))


@comando(grupo, "revogar")
def revogar(tela: Terminal, nome: Nome) -> None:
    """Encerra as chaves de um nome; vale em todos os processos em menos de um minuto."""

    async def revoke(programa: Programa) -> int:
        try:
            return await _chaves(programa).revoke(nome)
        except ChaveInexistente as error:
            raise _missing(nome) from error

    quantas = tela.run(revoke)
    tela.show({"nome": nome, "revogadas": quantas}, facts("Chave revogada", {"Nome": nome, "Quantas": quantas}))


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista as chaves, sem mostrá-las."""

    async def read(programa: Programa) -> list[dict[str, Any]]:
        return [_out(chave) for chave in await _chaves(programa).all()]

    itens = tela.run(read)
    colunas = ("Nome", "Início", "Escopos", "Expira", "Último uso", "Revogada")
    rows = [
        (i["nome"], i["inicio"], " ".join(i["escopos"]), i["expira_em"], i["usada_em"], i["revogada_em"]) for i in itens
    ]
    tela.show({"items": itens}, table("Chaves", colunas, rows))


def _chaves(programa: Programa) -> Chaves:
    return Chaves(programa.database, programa.tenant_id, programa.contas.now)


def _missing(nome: str) -> Falha:
    return Falha("chave_inexistente", f"Não há chave {nome} em vigor neste hospital.")


def _show_new(tela: Terminal, nova: ChaveNova) -> None:
    tela.show({**_out(nova.chave), "chave": nova.texto}, facts("Chave", {"Nome": nova.chave.nome, "Chave": nova.texto}))
    tela.note("Guarde a chave agora: ela não será mostrada de novo.")


def _out(chave: Chave) -> dict[str, Any]:
    return {
        "id": chave.id,
        "nome": chave.nome,
        "inicio": chave.inicio,
        "escopos": list(chave.escopos),
        "expira_em": chave.expira_em.isoformat() if chave.expira_em else None,
        "usada_em": chave.usada_em.isoformat() if chave.usada_em else None,
        "revogada_em": chave.revogada_em.isoformat() if chave.revogada_em else None,
    }
