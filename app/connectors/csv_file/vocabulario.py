"""The hospital's words for the state and the kind of a booking, and ours.

A word not listed is never guessed: its booking is shown and not messaged. Single letters are listed
only where Tasy and MV do not contradict each other.
"""

from collections.abc import Mapping
from typing import Final

from app.domain.confirmacao import SituacaoAgenda, TipoAtendimento

_S: Final = SituacaoAgenda
_T: Final = TipoAtendimento

# "Confirmado" in a source is its own affair, not an answer given to us: the booking is alive, no more.
_SITUACOES: Final[Mapping[SituacaoAgenda, str]] = {
    _S.AGENDADO: "agendado agendada marcado marcada ativo ativa normal aberto aberta booked scheduled "
    "confirmado confirmada remarcado remarcada reagendado reagendada n cn m",
    _S.ESPERA: "espera em_espera lista_de_espera fila fila_de_espera reserva reservado reservada waitlist pending",
    _S.PRESENTE: "presente compareceu chegou aguardando aguardando_atendimento em_atendimento em_consulta recepcionado "
    "recepcionada arrived checked_in check_in",
    _S.REALIZADO: "realizado realizada atendido atendida executado executada concluido concluida finalizado "
    "finalizada fulfilled e",
    _S.FALTA: "falta faltou faltoso ausente nao_compareceu noshow no_show",
    _S.CANCELADO: "cancelado cancelada cancelado_pelo_hospital cancelado_pelo_paciente desmarcado desmarcada suspenso "
    "suspensa cancelled canceled c",
    _S.ERRO_REGISTRO: "erro_registro erro erro_de_registro erro_de_lancamento entered_in_error excluido excluida",
    _S.BLOQUEADO: "bloqueado bloqueada bloqueio b",
    _S.DESCONHECIDO: "desconhecido desconhecida",
}
_TIPOS: Final[Mapping[TipoAtendimento, str]] = {
    _T.CONSULTA: "consulta consultas primeira_consulta primeira_vez 1a_consulta consulta_medica ambulatorial",
    _T.EXAME: "exame exames procedimento_diagnostico diagnostico",
    _T.RETORNO: "retorno consulta_de_retorno consulta_retorno reavaliacao",
    _T.CIRURGIA: "cirurgia cirurgico cirurgica procedimento_cirurgico",
    _T.TELECONSULTA: "teleconsulta teleatendimento telemedicina consulta_online online",
}

SITUACOES: Final = {palavra: situacao for situacao, palavras in _SITUACOES.items() for palavra in palavras.split()}
TIPOS: Final = {palavra: tipo for tipo, palavras in _TIPOS.items() for palavra in palavras.split()}
