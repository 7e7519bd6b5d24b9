"""How every command runs: options all share, the program opened around it, its answer shown, its failure told."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_type_hints

import typer
from loguru import logger

from app.cli.erros import Explicado, Saida, explain
from app.cli.relogio import RelogioDoBanco
from app.cli.saida import Tela
from app.cli.vez import take_turn
from app.config import Settings, load_settings
from app.observability import configure_logging
from app.wiring import Programa, open_programa

try:
    import uvloop
except ImportError:  # not made for every system
    _new_loop = None
else:
    _new_loop = uvloop.new_event_loop

T = TypeVar("T")
Command = Callable[..., int | None]
Dados = Annotated[
    Path | None,
    typer.Option("--dados", metavar="DIR", help="Pasta de dados desta instalação; sem ela, vale DATA_DIR."),
]
_Json = Annotated[bool, typer.Option("--json", help="Escreve um objeto JSON e nada mais na saída padrão.")]
_COMMON: Final = (
    Parameter("dados", Parameter.KEYWORD_ONLY, default=None, annotation=Dados),
    Parameter("em_json", Parameter.KEYWORD_ONLY, default=False, annotation=_Json),
)
_INTERRUPTED: Final = 130  # what a shell expects of a program ended by Ctrl-C


class Terminal(Tela):
    """One command at one terminal: what it shows, and the program it works with."""

    def __init__(self, *, em_json: bool, dados: Path | None) -> None:
        """Open nothing yet."""
        super().__init__(em_json=em_json)
        self._dados = dados

    def settings(self) -> Settings:
        """Read the settings; what is logged goes to standard error, and only what needs a look unless asked."""
        settings = load_settings()
        if self._dados is not None:
            settings = settings.model_copy(update={"data_dir": self._dados})
        log = settings.log.model_copy(update={"level": settings.log.level or "WARNING"})
        configure_logging(log, environment=settings.environment, stream=sys.stderr)
        return settings

    def run(self, work: Callable[[Programa], Awaitable[T]]) -> T:
        """Open the program, attaching to the server of whoever runs it already, and do `work` with it."""
        settings = self.settings()
        return self.run_alone(settings, partial(_with_programa, settings, work))

    def run_alone(self, settings: Settings, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine from the main thread: an embedded server dies with the thread that started it."""
        with self._turn(settings), asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(work())

    def _turn(self, settings: Settings) -> AbstractContextManager[None]:
        if not settings.database.is_embedded:
            return nullcontext()
        return take_turn(settings.data_dir, on_wait=lambda: self.note("Esperando outro comando terminar…"))

    def tell_failure(self, explicado: Explicado) -> int:
        """Say what went wrong, and return the exit code."""
        if self.em_json:
            self.write_json({"erro": {"codigo": explicado.codigo, "mensagem": explicado.mensagem}})
        self.note(explicado.mensagem)
        return explicado.saida


async def _with_programa(settings: Settings, work: Callable[[Programa], Awaitable[T]]) -> T:
    relogio = RelogioDoBanco()
    async with open_programa(settings, relogio) as programa:
        await relogio.follow(programa.database, settings.data_dir)
        return await work(programa)


def comando(grupo: typer.Typer, nome: str) -> Callable[[Command], Command]:
    """Make a function a command: it gets a `Terminal` first, and `--json` and `--dados` besides its own options.

    It may return an exit code; its failures are told in one place.
    """

    def register(function: Command) -> Command:
        @wraps(function)
        def run(*, em_json: bool, dados: Path | None, **options: Any) -> None:
            tela = Terminal(em_json=em_json, dados=dados)
            raise typer.Exit(_guard(tela, partial(function, tela, **options)))

        hints = get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in list(signature(function).parameters.values())[1:]
        ]
        parameters = (*own, *_COMMON)
        vars(run).pop("__wrapped__")  # the signature is ours, not the function's
        vars(run)["__signature__"] = Signature(parameters)
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        grupo.command(nome)(run)
        return function

    return register


def _guard(tela: Terminal, work: Callable[[], int | None]) -> int:
    try:
        return work() or Saida.FEITO
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        tela.note("Interrompido.")
        return _INTERRUPTED
    except BrokenPipeError:  # `confirma … | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Saida.FALHOU
    except Exception as error:  # noqa: BLE001  the last net: what nobody foresaw is logged and told without a traceback
        explicado = explain(error)
        if explicado is None:
            logger.bind(error=type(error).__name__).exception("cli.failed")
            sentence = f"Algo inesperado falhou ({type(error).__name__}); os detalhes estão no log acima."
            explicado = Explicado("erro_interno", sentence)
        return tela.tell_failure(explicado)
