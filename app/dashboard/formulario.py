"""What a page's form sends back, and the proof that it came from a page of ours."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import Depends, HTTPException, Request

from app.api.deps import Ctx

_FIELDS: Final = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, the first value of each."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


Formulario = Annotated[Mapping[str, str], Depends(read_form)]


async def own_form(request: Request, form: Formulario, contexto: Ctx) -> None:
    """Refuse a form without the session's token, in a field or in `X-CSRF-Token`; without a session there is none."""
    expected = contexto.porteiro.form_token(request)
    given = form.get("csrf") or request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass")) and expected:
        raise HTTPException(HTTPStatus.FORBIDDEN)


PROPRIO = Depends(own_form)
"""Every page that changes something declares this: a form of another site does nothing (SEC-21)."""
