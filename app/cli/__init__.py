"""The `confirma` command."""

import typer

from app.cli.demo import demo
from app.cli.simular import simular

app = typer.Typer(
    name="confirma",
    help="Confirma atendimentos médicos pelo WhatsApp.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they may hold a patient's name
)
app.command("demo")(demo)
app.command("simular")(simular)


def main() -> None:
    """Run the command line."""
    app()
