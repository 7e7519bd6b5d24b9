"""What each refusal of an SMTP server becomes, as it came over the wire."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, ProviderError, Throttled, Unavailable, error_for
from app.providers.email.codes import CODES, Stage, enhanced_in, find_code, refusal
from app.providers.http import HttpClient
from tests.contract.email_bancada import TO, make_provider, message, running_fake

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures/email/respostas.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_a_refusal(http: HttpClient, clock: Any, case: dict[str, Any]) -> None:
    async with running_fake() as fake:
        fake.answer_next(case["stage"], case["reply"].replace("{to}", TO))
        with pytest.raises(ProviderError) as raised:
            await make_provider(fake, http, clock).send(message())
        error = raised.value
        assert (type(error), error.reason) == (type(error_for(Falha(case["falha"]), "")), case["reason"])
        assert error.requests == (case["stage"] != "CONNECT")
        assert fake.mails == []
    if isinstance(error, Throttled):
        assert error.retry_after == case.get("wait_s", 60)


@pytest.mark.parametrize(
    ("code", "reply", "expected"),
    [
        (550, "5.1.1 who?", "1.1"),
        (550, "5.01.001 who?", "1.1"),
        (550, "5.1.1", "1.1"),
        (550, "4.1.1 who?", None),
        (550, "who? 5.1.1", None),
        (550, "5.1.1.1 who?", "1.1"),
        (550, "5.1.1234 who?", None),
        (550, "", None),
    ],
)
def test_enhanced_in(code: int, reply: str, expected: str | None) -> None:
    assert enhanced_in(code, reply) == expected


@pytest.mark.parametrize("code", [-1, 200, 250, 354, 600, 999])
@pytest.mark.parametrize("stage", list(Stage))
def test_what_is_no_refusal_is_a_broken_dialogue(stage: Stage, code: int) -> None:
    expected = Ambiguous if stage is Stage.DATA else Unavailable
    assert type(refusal(stage, code, "ok")) is expected


def test_every_row_can_be_reached() -> None:
    reached = {
        find_code(stage, code, f"{code // 100}.{enhanced} {words}")
        for stage in Stage
        for code in (421, 432, 550, 530, 552)
        for enhanced in ("", "7.28", "5.3", "4.5", "1.1", "1.0", "7.3", "2.2", "6.1", "9.9")
        for words in ("", "too many connections", "relay denied")
    }
    assert [row for row in CODES if row not in reached] == []


@given(st.sampled_from(Stage), st.integers(400, 599), st.text(max_size=60))
def test_any_refusal_has_a_meaning_and_tells_numbers_only(stage: Stage, code: int, words: str) -> None:
    error = refusal(stage, code, words)
    assert not isinstance(error, Ambiguous)  # the server said no
    head, _, tail = error.reason.partition(f" ({stage})")
    assert tail == ""
    assert set(head.removeprefix("SMTP ")) <= set("0123456789. ")
