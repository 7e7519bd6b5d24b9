"""`confirma auditoria …`: who did what with patients' data, and whether the trail is whole."""

from typing import Annotated, Any

import typer

from app.cli.erros import Saida, UsoErrado
from app.cli.saida import facts, local, table
from app.cli.sessao import Terminal, comando
from app.domain.auditoria import Conferencia, Elo
from app.repositories.auditoria import AuditoriaRepository
from app.wiring import Programa

grupo = typer.Typer(help="Trilha de auditoria.", no_args_is_help=True)


@comando(grupo, "verificar")
def verificar(
    tela: Terminal,
    *,
    ancora: Annotated[
        str | None, typer.Option("--ancora", help="NUMERO:ELO de uma verificação anterior, guardado fora daqui.")
    ] = None,
) -> int:
    """Percorre a trilha e diz qual é a primeira linha alterada, removida ou inserida."""
    kept = _read_anchor(ancora) if ancora else None

    async def walk(programa: Programa) -> tuple[Conferencia, bool]:
        exame = await programa.auditoria.examine(programa.tenant_id)
        return exame, kept is None or await _still_there(programa, *kept)

    exame, holds = tela.run(walk)
    agora = f"{exame.inteiras}:{exame.elo.hex()}"
    resumo = {"inteiras": exame.inteiras, "rompida": exame.rompida, "ancora": agora, "ancora_confere": holds}
    tela.show(resumo, facts("Trilha de auditoria", {"Linhas inteiras": exame.inteiras, "Âncora": agora}))
    if exame.rompida is not None:
        tela.note(f"A trilha foi alterada: a primeira linha que não confere é a {exame.rompida}.")
    if not holds:
        tela.note("A âncora não confere: a trilha foi refeita ou cortada depois dela.")
    return Saida.FEITO if holds and exame.rompida is None else Saida.FALHOU


@comando(grupo, "listar")
def listar(
    tela: Terminal,
    *,
    atendimento: Annotated[int | None, typer.Option("--atendimento", help="Só o que diz respeito a este.")] = None,
    limite: Annotated[int, typer.Option("--limite", min=1, max=10_000, help="Quantas linhas, das mais novas.")] = 50,
) -> None:
    """Lista quem leu, alterou ou enviou o quê, do mais novo ao mais antigo."""

    async def read(programa: Programa) -> tuple[list[Elo], Any]:
        async with programa.database.session_scope(programa.tenant_id) as session:
            repository = AuditoriaRepository(session, programa.tenant_id)
            return await repository.latest(alvo_id=atendimento, limite=limite), programa.zona

    elos, zona = tela.run(read)
    linhas = [(elo.numero, elo.linha) for elo in elos]
    colunas = ("Nº", "Quando", "Quem", "O que fez", "Com", "De onde")
    rows = [
        (numero, local(linha.em, zona), linha.quem, linha.acao, f"{linha.alvo} {linha.alvo_id or ''}", linha.de_onde)
        for numero, linha in linhas
    ]
    tela.show({"items": [_out(numero, linha) for numero, linha in linhas]}, table("Auditoria", colunas, rows))


def _out(numero: int, linha: Any) -> dict[str, Any]:
    return {
        "numero": numero,
        "em": linha.em.isoformat(),
        "quem": linha.quem,
        "quem_tipo": linha.quem_tipo,
        "acao": linha.acao,
        "alvo": linha.alvo,
        "alvo_id": linha.alvo_id,
        "de_onde": linha.de_onde,
    }


def _read_anchor(texto: str) -> tuple[int, bytes]:
    numero, _, elo = texto.partition(":")
    try:
        return int(numero), bytes.fromhex(elo)
    except ValueError as error:
        raise UsoErrado("ancora_invalida", "A âncora tem a forma NUMERO:ELO, como `verificar` a mostra.") from error


async def _still_there(programa: Programa, numero: int, elo: bytes) -> bool:
    if numero == 0:
        return True
    async with programa.database.session_scope(programa.tenant_id) as session:
        page = await AuditoriaRepository(session, programa.tenant_id).page(numero - 1, 1)
    return bool(page) and page[0].numero == numero and page[0].elo == elo
