"""Draws the state tables of the domain as Markdown: `python scripts/estados.py > docs/estados.md`."""

from collections.abc import Iterable, Sequence

from app.domain.confirmacao import MESSAGE_TRANSITIONS, EstadoMensagem, Fato, StatusConfirmacao, decide


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join([_row(head), _row("---" for _ in head), *map(_row, rows)])


def _cell(status: StatusConfirmacao, fato: Fato) -> str:
    decisao = decide(status, fato)
    if decisao is None:
        return "–"
    effects = ", ".join(decisao.efeitos)
    return f"**{decisao.status}**" + (f": {effects}" if effects else "")


def draw() -> str:
    """Return the page."""
    confirmation = _table(
        ["fact \\ status", *StatusConfirmacao],
        [[f"`{fato}`", *(_cell(status, fato) for status in StatusConfirmacao)] for fato in Fato],
    )
    message = _table(
        ["state", "may become"],
        [
            [f"`{estado}`", ", ".join(sorted(MESSAGE_TRANSITIONS[estado], key=list(EstadoMensagem).index)) or "–"]
            for estado in EstadoMensagem
        ],
    )
    return f"""# States

Drawn from `app/domain/confirmacao.py` by `python scripts/estados.py`; a test compares this page with the code.

## What the patient answered (`status_confirmacao`)

Each cell: the status that follows, then what the program does besides. "–": the fact changes nothing there.

{confirmation}

## The life of a message (`EstadoMensagem`)

News that would take a message back is ignored: receipts come late, twice and out of order.

{message}
"""


if __name__ == "__main__":
    print(draw(), end="")  # noqa: T201  the page is the output
