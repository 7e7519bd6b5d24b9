"""`confirma demo`: everything at once on this machine, with a simulated WhatsApp."""

import asyncio
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.servir import EXIT_WRONG_USE, refuse, run, until_told_to_end
from app.config import Settings, SettingsError, load_settings
from app.main import create_app
from app.observability import configure_logging
from app.simulator.demo import Demonstracao, DemoOptions, open_demo
from app.wiring import system_clock

_PORTA: Final = 5001
_ATENDIMENTOS: Final = 300
_MOST: Final = 20_000


def demo(
    porta: Annotated[int, typer.Option("--porta", min=0, max=65_535, help="Porta do painel; 0 escolhe uma livre.")] = (
        _PORTA
    ),
    sem_navegador: Annotated[bool, typer.Option("--sem-navegador", help="Não abre o painel no navegador.")] = False,
    dados: Annotated[
        Path | None, typer.Option("--dados", help="Pasta dos dados; guardada entre uma vez e outra.", file_okay=False)
    ] = None,
    atendimentos: Annotated[
        int, typer.Option("--atendimentos", min=1, max=_MOST, help="Quantos atendimentos a agenda fictícia tem.")
    ] = _ATENDIMENTOS,
) -> None:
    """Mostra o Confirma funcionando: agenda fictícia, WhatsApp simulado e pacientes que respondem."""
    settings = _read_settings()
    pasta = dados if dados is not None else settings.data_dir / "demo"
    log = settings.log.model_copy(
        update={"file": settings.log.file or pasta / "confirma.log", "level": settings.log.level or "INFO"}
    )
    options = DemoOptions(porta=porta, dados=pasta, atendimentos=atendimentos, log=log)
    try:
        pasta.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        refuse(f"A pasta {pasta} não pode ser usada: {error.strerror}.", code=EXIT_WRONG_USE)
    configure_logging(log)
    _say("Preparando a demonstração…")
    run(_show(options, browser=not sem_navegador))


def _read_settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        refuse(*error.sentences, code=EXIT_WRONG_USE)
    if settings.is_guarded:
        refuse(
            f"A demonstração não roda com ENVIRONMENT={settings.environment}: ela cria pacientes fictícios e fica "
            "aberta a quem estiver nesta máquina. Use ENVIRONMENT=dev.",
            code=EXIT_WRONG_USE,
        )
    return settings


async def _show(options: DemoOptions, *, browser: bool) -> None:
    async with until_told_to_end() as told, open_demo(options, real=system_clock, make_app=create_app) as opened:
        _introduce(opened, options)
        print(f"pronto: {opened.url}", flush=True)
        if browser:
            await asyncio.to_thread(_open_browser, f"{opened.url}/painel")
        await told.wait()
        _say("Encerrando…")


def _introduce(opened: Demonstracao, options: DemoOptions) -> None:
    agenda = f"{opened.atendimentos} atendimentos fictícios"
    _say(f"Demonstração nova, com {agenda}." if opened.is_new else f"Continuando de onde parou, com {agenda}.")
    _say(f"  Painel da recepção     {opened.url}/painel")
    _say(f"  Para entrar            usuário {opened.acesso.usuario}, senha {opened.acesso.senha}")
    _say(f"  Chave para programas   {opened.acesso.chave}")
    _say(f"  (guardadas em {opened.acesso.arquivo})")
    _say(f"  Telefone do paciente   {opened.url}{opened.condutor.phone_url}")
    _say(f"  Documentação da API    {opened.url}/docs")
    _say(f"  Registro de eventos    {options.log.file}")
    _say("Um segundo aqui vale um minuto na demonstração; o painel tem botões para parar e pular o tempo.")
    _say("Ctrl-C encerra tudo.")


def _open_browser(url: str) -> None:
    try:
        controller = webbrowser.get()
    except webbrowser.Error:
        return
    if type(controller) is not webbrowser.GenericBrowser:  # one that would take over this terminal
        controller.open(url)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
