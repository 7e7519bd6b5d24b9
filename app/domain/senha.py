"""What a password may be (ASVS 6.2): long, not a common one; nothing is demanded of its letters."""

import re
from typing import Final

from app.domain.resposta.tipos import words

MENOR: Final = 12
MAIOR: Final = 128
# What people type when twelve characters are asked for. Compared without digits, signs and repeated letters.
_COMUNS: Final = words("""
    senha senhas password passwd minhasenha senhasenha suasenha novasenha trocarsenha mudarsenha qwertyuiop
    qwerty asdfghjkl asdfgh zxcvbnm qwertyasdfgh administrador admin administrator hospital santacasa clinica
    confirma recepcao medico enfermagem saude brasil saopaulo corinthians flamengo palmeiras vasco gremio
    internacional cruzeiro santos atletico fluminense botafogo deusefiel jesuscristo deus jesus teamo amor
    familia bemvindo welcome letmein iloveyou mudar trocar teste testando usuario sistema acesso login secreta
    segredo abc abcdef abcdefgh abcdefghij abcdefghijkl abcdefghijklm
""")
_SOBRA: Final = re.compile(r"[\W\d_]+")
_VARIADAS: Final = 5  # distinct characters


class SenhaRecusada(ValueError):  # noqa: N818  named for what happened
    """A password nobody should have; the sentence tells why."""


def check_senha(senha: str, login: str) -> str:
    """Return the password as given, or raise SenhaRecusada."""
    if len(senha) < MENOR:
        raise SenhaRecusada(f"A senha precisa de pelo menos {MENOR} caracteres; uma frase é fácil de lembrar.")
    if len(senha) > MAIOR:
        raise SenhaRecusada(f"A senha pode ter no máximo {MAIOR} caracteres.")
    letras = _SOBRA.sub("", senha.lower())
    nome = _SOBRA.sub("", login.lower().partition("@")[0])
    if len(set(senha)) < _VARIADAS or not letras or letras in _COMUNS or letras == nome or _is_repeated(letras):
        raise SenhaRecusada("Esta senha é fácil de adivinhar: escolha outra, como uma frase só sua.")
    return senha


def _is_repeated(letras: str) -> bool:
    return any(letras == comum * (len(letras) // len(comum)) for comum in _COMUNS if len(letras) % len(comum) == 0)
