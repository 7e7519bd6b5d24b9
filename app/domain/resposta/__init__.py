"""Reading what a patient answered."""

from app.domain.resposta.leitura import read_resposta
from app.domain.resposta.letras import read_por_letra
from app.domain.resposta.tipos import Intencao, Leitura

__all__ = ["Intencao", "Leitura", "read_por_letra", "read_resposta"]
