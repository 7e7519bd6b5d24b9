"""Whatever is to be said, what leaves is a well-formed e-mail that says it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.providers.base import Compromisso
from app.providers.email import EmailConfig
from app.providers.email.config import is_address
from app.providers.email.mail import build_mail
from app.simulator.email.content import Entregue, wrong_in
from tests.contract.email_bancada import SENDER, TO, VISIT, message

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60).filter(
    lambda name: name.strip() == name and name.isprintable()
)


def mailed(text: str, *visits: Compromisso, hospital: str = "Santa Casa") -> Entregue:
    config = EmailConfig(servidor="correio.exemplo", remetente=SENDER, hospital=hospital)
    return Entregue(SENDER, TO, build_mail(message(text, compromissos=visits), config, to=TO, now=NOW).content)


def header(taken: Entregue, name: str) -> str:
    """Read as RFC 2047 says; the newer reader of the standard library keeps a space between two encoded words."""
    return str(make_header(decode_header(message_from_bytes(taken.content)[name])))


@pytest.mark.parametrize(
    "hospital",
    [
        "Irmandade da Santa Casa de Misericórdia de Vitória e Região",
        "Fundação São José – Hospital Universitário de Ciências",
        "Clínica Ação e Reação São Tomás, Conceição e Assunção",
        "Vitória – da Assunção Fundação São Assunção Fundação",
        'Hospital "São Lucas" <Unidade 2>, Serra',
    ],
)
def test_a_long_portuguese_name_is_read_as_it_was_written(hospital: str) -> None:
    taken = mailed("Olá", hospital=hospital)
    assert header(taken, "From") == f"{hospital} <{SENDER}>"
    assert header(taken, "Subject") == f"{hospital}: aviso sobre um horário marcado"


@settings(deadline=None)  # a zone is read from the disk the first time
@given(WRITTEN, WRITTEN, WRITTEN, NAMES)
def test_any_text_any_visit_any_name(text: str, summary: str, location: str, hospital: str) -> None:
    taken = mailed(text, replace(VISIT, summary=summary, location=location), hospital=hospital)
    assert wrong_in(taken.content, sender=SENDER, recipient=TO) is None
    assert "".join(taken.text.split()) == "".join(text.split())
    assert header(taken, "From") == f"{hospital} <{SENDER}>"
    assert header(taken, "Subject") == f"{hospital}: aviso sobre um horário marcado"
    assert len(taken.calendars[0].walk("VEVENT")) == 1


@settings(deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 600),
    st.sampled_from(["America/Sao_Paulo", "America/Manaus", "America/Rio_Branco", "America/Noronha", "Europe/Lisbon"]),
)
def test_a_visit_is_where_the_clock_of_the_unit_says(start: datetime, minutes: int, zone: str) -> None:
    start = start.replace(second=0, microsecond=0)
    taken = mailed("Olá", replace(VISIT, start=start, minutes=minutes, zone=zone))
    assert wrong_in(taken.content, sender=SENDER, recipient=TO) is None
    (event,) = taken.calendars[0].walk("VEVENT")
    local = start.astimezone(ZoneInfo(zone))
    assert event.start.replace(tzinfo=None) == local.replace(tzinfo=None)
    assert event["DTSTART"].params["TZID"] == zone
    end = (start + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    assert event.end.replace(tzinfo=None) == end.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maria@correio.exemplo", True),
        ("Maria.Souza_77+x@sub.correio.exemplo", True),
        ("m@1.exemplo", True),
        (".maria@correio.exemplo", False),
        ("maria.@correio.exemplo", False),
        ("maria@-correio.exemplo", False),
        ("maria@correio..exemplo", False),
        ("maria@[10.0.0.1]", False),
        ("maria@correio.exemplo\n", False),
        ("maria@" + "a" * 250 + ".exemplo", False),
        ("", False),
    ],
)
def test_is_address(text: str, *, expected: bool) -> None:
    assert is_address(text) is expected


@given(st.text(max_size=80))
def test_an_address_never_brings_a_line_or_a_second_address(text: str) -> None:
    if is_address(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(' ,;:<>()\\"')
