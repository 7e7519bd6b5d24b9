"""Why a row was refused or a warning given: stable codes, and the sentence a person reads."""

from typing import Final

from app.connectors.base import Aviso, LinhaRejeitada

REJEICOES: Final = {
    "campo_vazio": "O campo é obrigatório e está vazio.",
    "id_notacao_cientifica": "O número veio em notação científica e perdeu algarismos: formate a coluna como texto.",
    "id_invalido": "O identificador é longo demais.",
    "sem_hora": "A consulta está sem horário.",
    "data_invalida": "A data não foi entendida: use dd/mm/aaaa hh:mm ou aaaa-mm-dd hh:mm.",
    "horario_inexistente": "Este horário não existiu: foi pulado na entrada do horário de verão.",
    "colunas_demais": "A linha tem mais colunas que o cabeçalho.",
    "colunas_de_menos": "A linha termina antes das colunas obrigatórias.",
    "aspas_abertas": "A linha abre aspas e não fecha.",
    "linha_longa": "A linha é longa demais.",
    "caracteres_invalidos": "A linha tem caracteres nulos: o arquivo pode estar danificado.",
    "codificacao_invalida": "A linha tem letras ilegíveis: salve o arquivo em UTF-8.",
}

AVISOS: Final = {
    "campo_vazio": "O campo está vazio.",
    "texto_cortado": "O texto era longo demais e foi cortado.",
    "situacao_desconhecida": "Situação desconhecida: o atendimento é mostrado, mas não recebe mensagem.",
    "tipo_desconhecido": "Tipo desconhecido: tratado como consulta.",
    "horario_ambiguo": "Este horário aconteceu duas vezes (fim do horário de verão): vale o primeiro.",
    "horario_conflitante": "A data e a coluna da hora discordam: o atendimento é mostrado, mas não recebe mensagem.",
    "data_invalida": "A data não foi entendida e ficou vazia.",
    "numero_invalido": "O número não foi entendido e ficou vazio.",
    "email_invalido": "O e-mail não foi entendido e ficou vazio.",
    "planilhas_ignoradas": "O arquivo tem várias planilhas: só a primeira visível foi lida.",
    "telefone_fixo": "Telefone fixo: não recebe WhatsApp, vai para a lista de ligações.",
    "telefone_estrangeiro": "Telefone de fora do Brasil.",
    "telefone_ajustado": "O nono dígito foi acrescentado ao telefone.",
    "telefone_suspeito": "O telefone parece um preenchimento: só repete um algarismo depois do DDD.",
    # telefone_<motivo> of a refused phone brings its own sentence (app/domain/telefone.py)
}


class CelulaRecusada(Exception):  # noqa: N818 - named for what happened
    """A cell without which the row cannot go in. `valor` is already masked."""

    def __init__(self, coluna: str, motivo: str, valor: str = "") -> None:
        super().__init__(motivo)
        self.coluna = coluna
        self.motivo = motivo
        self.valor = valor


def reject(
    linha: int, motivo: str, celulas: tuple[str, ...], *, coluna: str | None = None, valor: str = ""
) -> LinhaRejeitada:
    return LinhaRejeitada(linha, coluna, motivo, REJEICOES[motivo], valor, celulas)


def warn(linha: int, motivo: str, *, coluna: str | None = None, valor: str = "") -> Aviso:
    return Aviso(linha, coluna, motivo, AVISOS[motivo], valor)
