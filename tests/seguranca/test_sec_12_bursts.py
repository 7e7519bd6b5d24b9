"""SEC-10, SEC-12: many at once get no more guesses, and no more memory, than one after the other."""

import asyncio
import threading
from typing import Any

from argon2 import PasswordHasher

from app.auth.senhas import Senhas
from tests.seguranca.conftest import SENHA, Porta

MANY = 20


class Gauge(PasswordHasher):
    """A hasher that knows how many hashes were computed at the same moment."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8_192, parallelism=1)
        self._lock = threading.Lock()
        self._running = 0
        self.most = 0

    def hash(self, *given: Any, **options: Any) -> str:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            return super().hash(*given, **options)
        finally:
            with self._lock:
                self._running -= 1


async def test_sec_12_a_burst_gets_five_guesses_too(porta: Porta) -> None:
    usuario = await porta.user()
    before = porta.contas.senhas.contadas
    answers = await asyncio.gather(*(porta.token(usuario, senha=f"errada errada {n}") for n in range(MANY)))
    assert sorted(status for status, _ in answers) == [401] * 5 + [429] * (MANY - 5)
    assert porta.contas.senhas.contadas - before == 5
    assert (await porta.token(usuario))[0] == 429


async def test_sec_12_the_fifth_may_still_be_right(porta: Porta) -> None:
    usuario = await porta.user()
    for _ in range(4):
        assert (await porta.token(usuario, senha="errada errada"))[0] == 401
    assert (await porta.token(usuario))[0] == 200
    assert (await porta.token(usuario, senha="errada errada"))[0] == 401, "and then it counts from the start"


async def test_sec_10_the_first_logins_wait_for_their_turn_too() -> None:
    gauge = Gauge()
    senhas = Senhas(gauge)
    assert not any(await asyncio.gather(*(senhas.verify(None, SENHA) for _ in range(MANY))))
    assert gauge.most == 1, "what stands in for nobody is made once"
