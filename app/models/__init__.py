"""All tables of the schema."""

from app.domain.confirmacao import EstadoMensagem, SituacaoAgenda, StatusConfirmacao, TipoAtendimento
from app.models.atendimento import Atendimento, Historico
from app.models.auditoria import Auditoria, AuditoriaPonta
from app.models.base import SCHEMA, Base
from app.models.conversa import Conhecimento, Conversa, ConversaFato, Frase
from app.models.hospital import Canal, Modelo, ModeloCanal, Rota, Tenant, Unidade
from app.models.identidade import Chave, Convite, Renovacao, Sessao, Tentativa, Usuario
from app.models.mensagem import Execucao, Importacao, Mensagem, MensagemAtendimento, Recebida, Recibo, Relogio
from app.models.pessoas import Contato, ContatoCanal, ConversaIniciada, Paciente, PacienteContato

__all__ = [
    "SCHEMA",
    "Atendimento",
    "Auditoria",
    "AuditoriaPonta",
    "Base",
    "Canal",
    "Chave",
    "Conhecimento",
    "Contato",
    "ContatoCanal",
    "Conversa",
    "ConversaFato",
    "ConversaIniciada",
    "Convite",
    "EstadoMensagem",
    "Execucao",
    "Frase",
    "Historico",
    "Importacao",
    "Mensagem",
    "MensagemAtendimento",
    "Modelo",
    "ModeloCanal",
    "Paciente",
    "PacienteContato",
    "Recebida",
    "Recibo",
    "Relogio",
    "Renovacao",
    "Rota",
    "Sessao",
    "SituacaoAgenda",
    "StatusConfirmacao",
    "Tenant",
    "Tentativa",
    "TipoAtendimento",
    "Unidade",
    "Usuario",
]
