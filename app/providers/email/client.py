"""One dialogue with the server for each message: no retries, no rules."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException

from app.providers.base import Misconfigured, ProviderError, Unavailable
from app.providers.email.codes import Stage, lost, refusal
from app.providers.email.config import EmailConfig, EmailCredentials, Tls

_CONNECTIONS: Final = 2
"""At once: the large services refuse a fourth one of the same account, and there may be other workers."""
_GOODBYE_S: Final = 2.0


class SmtpClient:
    def __init__(self, config: EmailConfig, credentials: EmailCredentials) -> None:
        self._config = config
        self._credentials = credentials
        self._tls = config.build_tls()
        self._free = asyncio.Semaphore(_CONNECTIONS)

    async def deliver(self, recipient: str, content: bytes) -> None:
        """Hand over one message, or raise a ProviderError."""
        async with self._session() as session:
            with _stage(Stage.MAIL):
                await session.mail(self._config.remetente)
            with _stage(Stage.RCPT):
                await session.rcpt(recipient)
            with _stage(Stage.DATA):
                await session.data(content, timeout=self._config.espera_entrega_s)

    async def probe(self) -> None:
        """Come as far as a message would, without one."""
        async with self._session() as session:
            with _stage(Stage.HELLO):
                await session.noop()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[SMTP]:
        async with self._free:
            session = SMTP(
                hostname=self._config.servidor,
                port=self._config.port,
                local_hostname=self._config.domain,  # ours is nobody's business
                timeout=self._config.espera_s,
                use_tls=self._config.tls is Tls.TLS,
                start_tls=False,
                tls_context=self._tls,
            )
            try:
                await self._open(session)
                yield session
                with suppress(SMTPException, OSError):  # it was taken: how they part is no news
                    await session.quit(timeout=min(self._config.espera_s, _GOODBYE_S))
            finally:
                session.close()

    async def _open(self, session: SMTP) -> None:
        with _stage(Stage.CONNECT):
            await session.connect()
        with _stage(Stage.HELLO):
            await session.ehlo()
        if self._config.tls is Tls.STARTTLS:
            await self._encrypt(session)
        if self._credentials.usuario is not None and self._credentials.senha is not None:
            await _log_in(session, self._credentials.usuario, self._credentials.senha)

    async def _encrypt(self, session: SMTP) -> None:
        """Never go on in clear: who strips STARTTLS from the greeting wants to read along."""
        if not session.supports_extension("starttls"):
            raise Misconfigured("o servidor não oferece STARTTLS", requests=1)
        with _stage(Stage.TLS):
            await session.starttls()
        with _stage(Stage.HELLO):
            await session.ehlo()


async def _log_in(session: SMTP, user: str, password: str) -> None:
    """Try one way only: a wrong password tried three ways locks the account three times as fast."""
    ways = {"plain": session.auth_plain, "login": session.auth_login, "cram-md5": session.auth_crammd5}
    way = next((ways[name] for name in ways if name in session.server_auth_methods), None)
    if way is None:
        raise Misconfigured("o servidor não aceita usuário e senha nesta conexão", requests=1)
    with _stage(Stage.AUTH):
        await way(user, password)


@contextmanager
def _stage(stage: Stage) -> Iterator[None]:
    """Say what a failure at this step means; the library's own words may hold the address, so they stay behind."""
    try:
        yield
    except SMTPAuthenticationError as error:
        raise refusal(Stage.AUTH, error.code, error.message) from None
    except SMTPResponseException as error:
        raise refusal(stage, error.code, error.message) from None
    except (SMTPException, OSError) as error:
        raise _broken(stage, error) from None


def _broken(stage: Stage, error: Exception) -> ProviderError:
    """Return what a dialogue that just stopped means; a certificate that is wrong will be wrong again."""
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if stage is not Stage.DATA and isinstance(cause, ssl.SSLCertVerificationError):
        return Misconfigured("o certificado do servidor não foi aceito")
    if stage is not Stage.DATA and isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return Misconfigured("a conexão cifrada falhou: confira tls e porta")
    if stage is Stage.CONNECT:
        return Unavailable("sem conexão com o servidor de e-mail")
    if isinstance(error, TimeoutError):
        return lost(stage, "o servidor não respondeu a tempo")
    return lost(stage, "a conexão foi cortada")
