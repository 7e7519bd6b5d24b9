"""All tables of the schema."""

from app.domain.confirmacao import EstadoMensagem, SituacaoAgenda, StatusConfirmacao, TipoAtendimento
from app.models.atendimento import Atendimento, Historico
from app.models.base import SCHEMA, Base
from app.models.hospital import Canal, Modelo, Rota, Tenant, Unidade
from app.models.mensagem import Execucao, Importacao, Mensagem, MensagemAtendimento, Recebida, Relogio
from app.models.pessoas import Contato, ContatoCanal, Paciente, PacienteContato

__all__ = [
    "SCHEMA",
    "Atendimento",
    "Base",
    "Canal",
    "Contato",
    "ContatoCanal",
    "EstadoMensagem",
    "Execucao",
    "Historico",
    "Importacao",
    "Mensagem",
    "MensagemAtendimento",
    "Modelo",
    "Paciente",
    "PacienteContato",
    "Recebida",
    "Relogio",
    "Rota",
    "SituacaoAgenda",
    "StatusConfirmacao",
    "Tenant",
    "TipoAtendimento",
    "Unidade",
]
