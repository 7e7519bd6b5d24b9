"""docs/falhas.md: every gateway with every fault, drawn from what the whole program did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.simulator.gateway import Fault, Receipts
from tests.bancadas.cena import Palco
from tests.bancadas.chamadas import CHAMADAS, Recepcao, receive_all
from tests.bancadas.conduta import ACIDENTES, Conduta, play, play_receipts
from tests.bancadas.todas import BANCADAS

KINDS: Final = tuple(sorted(BANCADAS))
_NEVER: Final = "–"
_RECEIPTS: Final = (
    ("in time", Receipts.NORMAL, None),
    ("early: before the answer to the send", Receipts.EARLY, None),
    ("twice", Receipts.TWICE, None),
    ("the last one first", Receipts.REVERSED, None),
    ("never", Receipts.NEVER, None),
    ("in time, but the answer to the send is lost", Receipts.NORMAL, Fault.LOST_ANSWER),
    ("early, and the answer to the send is lost", Receipts.EARLY, Fault.LOST_ANSWER),
    ("never, and the answer to the send is lost", Receipts.NEVER, Fault.LOST_ANSWER),
)
_STATES: Final = {
    "enviada": "sent",
    "entregue": "delivered",
    "lida": "read",
    "incerta": "uncertain",
    "falhou": "failed",
    "agendada": "waiting",
}
_SLOWER: Final = "limite_do_gateway"


@dataclass
class Fatos:
    """All that was played, by row and kind."""

    condutas: dict[tuple[str, str], Conduta | None] = field(default_factory=dict)
    recibos: dict[tuple[str, str], str | None] = field(default_factory=dict)
    chamadas: dict[tuple[str, str], Recepcao | None] = field(default_factory=dict)


async def gather(palco: Palco) -> Fatos:
    fatos = Fatos()
    for kind in KINDS:
        for acidente in ACIDENTES:
            fatos.condutas[acidente.nome, kind] = await play(palco, kind, acidente)
        for nome, how, fault in _RECEIPTS:
            fatos.recibos[nome, kind] = await play_receipts(palco, kind, how, fault=fault)
        for nome, recepcao in (await receive_all(palco, kind)).items():
            fatos.chamadas[nome, kind] = recepcao
    return fatos


def tell(conduta: Conduta | None) -> str:
    """Say in words what was done about one message."""
    if conduta is None:
        return _NEVER
    return f"{'; '.join(filter(None, (_at_once(conduta), _in_the_end(conduta))))} · {conduta.chegou}×"


def _at_once(conduta: Conduta) -> str:
    if conduta.pausa is not None and conduta.pausa_motivo == _SLOWER:
        return f"**channel pauses** {conduta.pausa.total_seconds():.0f} s"
    if conduta.pausa is not None:
        return f"**channel stopped** for {conduta.pausa.total_seconds() / 60:.0f} min"
    if conduta.estado == "agendada":
        return "**waits** a little, tries again"
    return {"incerta": "**uncertain**", "falhou": "**given up**"}.get(conduta.estado, "**sent**")


def _in_the_end(conduta: Conduta) -> str:
    if conduta.depois == "falhou":
        return f"{'' if conduta.estado == 'falhou' else 'given up by its receipt, '}a person is told"
    if conduta.pela_reserva:
        return "goes by the next channel"
    if conduta.estado == "incerta" and conduta.depois != "incerta":
        return f"settled by its receipt: {_STATES[conduta.depois]}"
    if conduta.depois == "incerta":
        return "the next step asks again" if conduta.coberta else "so is the next step"
    return f"then {_STATES[conduta.depois]}" if conduta.depois != conduta.estado else ""


def _tell_call(recepcao: Recepcao | None) -> str:
    if recepcao is None:
        return _NEVER
    kept = ", kept as it came" if recepcao.guardada else ""
    did = "applied" if recepcao.confirmou else "ignored"
    return f"{recepcao.status}: {did if recepcao.status == 200 else 'refused'}{kept}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    return "\n".join([_row([head, *KINDS]), _row("---" for _ in range(len(KINDS) + 1)), *map(_row, rows)])


def draw(fatos: Fatos) -> str:
    """Return the page."""
    faults = _table(
        "the gateway …",
        [[a.nome, *(tell(fatos.condutas[a.nome, kind]) for kind in KINDS)] for a in ACIDENTES],
    )
    receipts = _table(
        "receipts are told …",
        [[nome, *(_STATES.get(fatos.recibos[nome, kind] or "", _NEVER) for kind in KINDS)] for nome, _, _ in _RECEIPTS],
    )
    calls = _table(
        "somebody posts …",
        [[c.nome, *(_tell_call(fatos.chamadas[c.nome, kind]) for kind in KINDS)] for c in CHAMADAS],
    )
    return _PAGE.format(faults=faults, receipts=receipts, calls=calls)


_PAGE: Final = """# When a gateway fails

Drawn by `python -m scripts.falhas > docs/falhas.md` from what happened. Each cell is one visit, imported, asked about
and followed through the whole program, with its database and real sockets, against the fake of that gateway
(`app/simulator/`). `tests/integration/test_tabela_de_falhas.py` plays all of it again and compares it with this page.
What an answer of a gateway leads to is decided in `app/services/consequencia.py`; what each code of a gateway means
stands in its page in [provedores](provedores).

## A fault at the send

A second channel of the same kind stands by in every story, and never fails. The last figure of a cell is how often the
patient got this message, whichever channel it went by. "–": cannot happen there.

{faults}

- **sent**: counted as sent; receipts say more, where there are any.
- **uncertain** (`incerta`): it may have arrived, so it is neither repeated nor given to the next channel. A receipt
  that names it settles it, and so does an answer of the patient; else the next step of the visit asks again. It counts
  against the channel's health, and a channel that gave nobody a clear answer lately is asked whether it lives before it
  gets another message. A hospital that prefers twice to never says so in its policy (`ao_incerta`).
- **waits**: it surely was not taken, so it leaves once more: after about half a minute, then twice as long from try to
  try. It counts against the channel's health: one that fell is left alone for a while, and what waits goes by the next.
- **channel pauses**: as long as the gateway asks for. Nothing was taken: the message goes by the next channel at once,
  or waits here until the pause is over.
- **channel stopped**: the key, the account or its payment is wrong, and an operator is told. Nothing is lost: what
  waits goes by the next channel at once, or waits here until it is mended.
- **given up** (`falhou`): the visit is put before a person, with the reason.

Whether it was taken is what only the fake knows: of a cut line Confirma sees the same in both cases. Botconversa takes
several requests for one message; here the one that carries the text fails, and what fails before it is repeated without
harm. A mail server that answers 451 says that it took nothing, so the e-mail leaves again, under the same `Message-ID`:
twice is what a server gets that says so and keeps it. Twilio, Meta and Z-API say only afterwards that a number has no
WhatsApp; Evolution and a mail server at once.

## Receipts

The state of the message in the end. Botconversa and mail servers tell nothing; an SMS is never "read".

{receipts}

Z-API and Evolution give back nothing but their own id. Where the answer to the send is lost nobody learnt it, and the
receipts that come are about a message we do not know. Meta and Twilio give back our own key, and the doubt is over.

## Calls

What the caller is answered, and what is done. Never a 500: unknown fields are read over, unknown kinds of events change
nothing. A mail server calls nobody, so nobody is believed there.

{calls}
"""
