"""What a mail server needs to be set up."""

from typing import Final

from app.providers.email.config import Tls
from app.providers.ficha import TAXA, Campo, Ficha, Forma

FICHA: Final = Ficha(
    titulo="E-mail (SMTP)",
    config=(
        Campo("servidor", "Nome do servidor SMTP, sem porta.", obrigatorio=True),
        Campo("remetente", "Endereço de quem envia, e para onde volta o que não chega.", obrigatorio=True),
        Campo("hospital", "Nome que o paciente lê no remetente e no assunto.", obrigatorio=True),
        Campo("tls", "Como a conexão é cifrada; sem isto, starttls.", opcoes=tuple(Tls)),
        Campo("porta", "Porta do servidor; sem isto, a usual do tls.", Forma.NUMERO),
        Campo("responder_a", "Endereço para onde vão as respostas."),
        Campo("descadastro", "Endereço ou página https onde se pede para não receber mais."),
        Campo("certificado_ca", "Certificado da autoridade do hospital, em PEM."),
        Campo(TAXA, "Mensagens por minuto, de 1 a 600; sem isto, 30.", Forma.NUMERO),
        Campo("espera_s", "Segundos de espera por comando; sem isto, 10."),
        Campo("espera_entrega_s", "Segundos de espera pela aceitação do texto; sem isto, 60."),
    ),
    credenciais=(
        Campo("usuario", "Usuário no servidor; nenhum onde ele conhece o nosso pelo endereço."),
        Campo("senha", "Senha do mesmo usuário."),
    ),
)
