"""`confirma atendimento …`: create, list, find and cancel appointments."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from app.api.entrada import to_importado
from app.api.routes.atendimentos import read_cursor, read_filtros
from app.cli.erros import Falha, Saida
from app.cli.fichas import ficha, lista, read_detalhe
from app.cli.importar import DIA_FORMATS
from app.cli.sessao import Terminal, comando
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, TipoAtendimento
from app.repositories.consulta import ConsultaRepository, Cursor, Filtros
from app.schemas.api.atendimento import AtendimentoDetalhe, AtendimentoIn, AtendimentoOut, AtendimentosOut
from app.services.atendimento_service import AtendimentoService
from app.wiring import Programa

grupo = typer.Typer(help="Atendimentos: criar, listar, buscar, cancelar.", no_args_is_help=True)

_FEWEST_DIGITS: Final = 4
_PHONE_MARKS: Final = frozenset("+-(). ")
Dia = Annotated[datetime | None, typer.Option(formats=DIA_FORMATS, metavar="DATA")]
Limite = Annotated[int, typer.Option(min=1, max=200, help="Quantos mostrar.")]


@comando(grupo, "criar")
def criar(  # noqa: PLR0913  one option per column
    tela: Terminal,
    *,
    nr_seq_agenda: Annotated[str, typer.Option("--nr", help="Número do agendamento no hospital.")],
    nome_paciente: Annotated[str, typer.Option("--nome", help="Nome do paciente.")],
    nome_medico: Annotated[str, typer.Option("--medico")],
    especialidade: Annotated[str, typer.Option()],
    data_consulta: Annotated[str, typer.Option("--data", help='Como "06/03/2026 14:30".')],
    telefone: Annotated[str | None, typer.Option(help="Sem ele, vai para a lista de ligações.")] = None,
    origem: Annotated[str, typer.Option()] = "hospital",
    id_paciente: Annotated[str | None, typer.Option("--id-paciente")] = None,
    data_nascimento: Annotated[datetime | None, typer.Option("--nascimento", formats=DIA_FORMATS)] = None,
    tipo: Annotated[TipoAtendimento, typer.Option()] = TipoAtendimento.CONSULTA,
    convenio: Annotated[str | None, typer.Option()] = None,
    unidade: Annotated[str | None, typer.Option()] = None,
    sala: Annotated[str | None, typer.Option()] = None,
    chegar_antes_min: Annotated[int | None, typer.Option("--chegar-antes", help="Minutos.")] = None,
    preparo: Annotated[str | None, typer.Option()] = None,
    observacoes: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Cria um atendimento, ou atualiza o que tem a mesma origem e o mesmo número."""
    given = {name: value for name, value in locals().items() if name != "tela"}
    entrada = AtendimentoIn.model_validate(
        given | {"data_nascimento": data_nascimento.date() if data_nascimento else None}
    )
    detalhe, zona = tela.run(lambda programa: _create(programa, entrada))
    tela.show(detalhe, ficha(detalhe, zona))


@comando(grupo, "listar")
def listar(  # noqa: PLR0913  one option per filter
    tela: Terminal,
    *,
    dia: Dia = None,
    de: Dia = None,
    ate: Dia = None,
    status: Annotated[list[StatusConfirmacao] | None, typer.Option(help="Repetível.")] = None,
    situacao: Annotated[list[SituacaoAgenda] | None, typer.Option(help="Repetível.")] = None,
    unidade: Annotated[str | None, typer.Option()] = None,
    especialidade: Annotated[str | None, typer.Option()] = None,
    medico: Annotated[str | None, typer.Option()] = None,
    telefone: Annotated[str | None, typer.Option(help="Inteiro ou os quatro últimos algarismos.")] = None,
    nome: Annotated[str | None, typer.Option(help="Palavras inteiras do nome.")] = None,
    atencao: Annotated[str | None, typer.Option(help="sim, nao ou um motivo.")] = None,
    limite: Limite = 50,
    cursor: Annotated[str | None, typer.Option(help="O next_cursor da página anterior.")] = None,
) -> None:
    """Lista atendimentos na ordem do horário."""
    filtros = read_filtros(
        dia=_day(dia),
        de=_day(de),
        ate=_day(ate),
        status_confirmacao=status,
        situacao_agenda=situacao,
        unidade=unidade,
        especialidade=especialidade,
        medico=medico,
        telefone=telefone,
        nome=nome,
        atencao=atencao,
    )
    _show_page(tela, filtros, limite, read_cursor(cursor))


@comando(grupo, "buscar")
def buscar(
    tela: Terminal,
    termo: Annotated[str, typer.Argument(help="Nome, telefone (ou o final dele) ou número do agendamento.")],
    *,
    limite: Limite = 50,
) -> None:
    """Busca por nome, telefone ou número do agendamento."""
    digits = "".join(filter(str.isdigit, termo))
    if len(digits) < _FEWEST_DIGITS or set(termo) - set(digits) - _PHONE_MARKS:
        _show_page(tela, read_filtros(nome=termo) if not digits else Filtros(nr_seq_agenda=termo), limite)
        return
    by_phone, by_number = read_filtros(telefone=termo), Filtros(nr_seq_agenda=termo)
    _show_page(tela, by_phone, limite, also=by_number)


@comando(grupo, "cancelar")
def cancelar(
    tela: Terminal,
    atendimento_id: Annotated[int, typer.Argument(metavar="ID")],
    *,
    motivo: Annotated[str | None, typer.Option(help="Vai para as observações.")] = None,
) -> None:
    """Registra que o paciente não vem: a vaga fica livre e nada mais é enviado."""
    detalhe, zona = tela.run(lambda programa: _cancel(programa, atendimento_id, motivo))
    tela.show(detalhe, ficha(detalhe, zona))


async def _create(programa: Programa, entrada: AtendimentoIn) -> tuple[AtendimentoDetalhe, ZoneInfo]:
    registro = to_importado(entrada, linha=1, zona=programa.zona)
    resultado = await programa.importador.importar([registro], origem=entrada.origem, now=programa.clock(), quem="cli")
    if resultado.rejeitadas:
        recusada = resultado.rejeitadas[0]
        raise Falha(recusada.motivo, f"{recusada.coluna}: {recusada.mensagem}", Saida.USO_ERRADO)
    return await read_detalhe(programa, resultado.ids[registro.nr_seq_agenda])


async def _cancel(programa: Programa, atendimento_id: int, motivo: str | None) -> tuple[AtendimentoDetalhe, ZoneInfo]:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        service = AtendimentoService(sessao, programa.tenant_id)
        await service.cancel(atendimento_id, motivo=motivo, now=programa.clock())
    return await read_detalhe(programa, atendimento_id)


def _show_page(
    tela: Terminal, filtros: Filtros, limite: int, cursor: Cursor | None = None, *, also: Filtros | None = None
) -> None:
    async def read(programa: Programa) -> tuple[list[Any], ZoneInfo]:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            repository = ConsultaRepository(sessao, programa.tenant_id)
            found = list(await repository.page(filtros, after=cursor, limit=limite + 1))
            if also is not None and not found:
                found = list(await repository.page(also, limit=limite + 1))
        return found, programa.zona

    rows, zona = tela.run(read)
    shown = [AtendimentoOut.of(row) for row in rows[:limite]]
    following = Cursor(shown[-1].data_consulta, shown[-1].id).encode() if len(rows) > limite else None
    titulo = f"{len(shown)} atendimento(s)" if shown else "Nenhum atendimento encontrado."
    tela.show(
        AtendimentosOut(items=shown, next_cursor=following),
        lista(titulo, shown, zona) if shown else titulo,
        f"Há mais: repita com --cursor {following}" if following else None,
    )


def _day(instante: datetime | None) -> date | None:
    return instante.date() if instante else None
