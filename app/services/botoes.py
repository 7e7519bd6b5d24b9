"""Signs the payloads of quick replies, so that one forwarded to another phone, or edited, does nothing."""

import hmac
import re
from collections.abc import Iterable
from typing import Final

from app.crypto import Finder
from app.domain.botao import TITULOS, Botao, Toque
from app.providers.base import Button

_FORM: Final = re.compile(r"cf1\.(sim|nao|remarcar)\.([0-9]{1,18})\.([0-9a-f]{32})")
_KIND: Final = "botao"


def build_botoes(finder: Finder, *, contato_id: int, mensagem_id: int) -> tuple[Button, ...]:
    """Return the quick replies of one question to one contact."""
    return tuple(
        Button(f"cf1.{botao}.{mensagem_id}.{_sign(finder, botao, contato_id, mensagem_id)}", title)
        for botao, title in TITULOS.items()
    )


def read_botao(finder: Finder, payload: str | None, contatos: Iterable[int]) -> Toque | None:
    """Return what was touched, authentic if one of `contatos` was given this button; None is no payload of ours."""
    found = _FORM.fullmatch(payload or "")
    if found is None:
        return None
    botao, mensagem_id = Botao(found[1]), int(found[2])
    given = any(hmac.compare_digest(found[3], _sign(finder, botao, contato_id, mensagem_id)) for contato_id in contatos)
    return Toque(botao, mensagem_id, given)


def _sign(finder: Finder, botao: Botao, contato_id: int, mensagem_id: int) -> str:
    return finder.of(_KIND, f"{botao}:{contato_id}:{mensagem_id}").hex()
