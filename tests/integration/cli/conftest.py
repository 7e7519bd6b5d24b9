"""One installation for all commands: its program held open as a server would, and a Botconversa account to talk to."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from app.simulator.botconversa import FakeBotconversa
from app.wiring import system_clock
from tests.integration.cli.apoio import Confirma, start_confirma

API_KEY: Final = "chave-da-conta"


@pytest.fixture(scope="session")
def pasta() -> Iterator[Path]:
    """Return a folder that the embedded server's own user can reach, so that its cluster stays inside."""
    made = Path(tempfile.mkdtemp(prefix="confirma-cli-"))
    made.chmod(0o711)
    (made / "dados").mkdir(mode=0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
async def botconversa() -> AsyncIterator[FakeBotconversa]:
    fake = FakeBotconversa(system_clock, API_KEY)
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture(scope="session")
async def confirma(pasta: Path, botconversa: FakeBotconversa) -> AsyncIterator[Confirma]:
    settings = {
        "BOTCONVERSA_API_URL": botconversa.url,
        "BOTCONVERSA_API_KEY": API_KEY,
        "HOSPITAL_NAME": "Santa Casa de Teste",
        "HOSPITAL_STATE": "MG",
    }
    async with start_confirma(pasta, **settings) as command, command.hold():
        yield command
