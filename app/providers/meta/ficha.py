"""What a number at the Cloud API needs to be set up."""

from typing import Final

from app.providers.ficha import SEGREDO, TAXA, Campo, Ficha, Forma

FICHA: Final = Ficha(
    titulo="WhatsApp Business Cloud API (Meta)",
    config=(
        Campo(
            "phone_number_id",
            "Identificador do número na Meta (não é o número): WhatsApp → Configuração da API.",
            obrigatorio=True,
        ),
        Campo("waba_id", "Identificador da conta do WhatsApp Business; sem ele os modelos não são listados."),
        Campo("botoes", "Perguntas dentro das 24 horas levam botões; sem isto, sim.", Forma.SIM_NAO),
        Campo(TAXA, "Mensagens por minuto do número; sem isto, 4800.", Forma.NUMERO),
        Campo("versao", "Versão da API, como v24.0."),
        Campo("max_paginas", "Até onde seguir a lista de modelos; sem isto, 50.", Forma.NUMERO),
        Campo("base_url", "Endereço da API; só muda em testes."),
    ),
    credenciais=(
        Campo(
            "token",
            "Token do usuário do sistema, que não expira, com whatsapp_business_messaging e "
            "whatsapp_business_management.",
            obrigatorio=True,
        ),
        Campo("verify_token", "Palavra nossa, que a Meta repete quando confere o endereço.", gerado=True),
    ),
    segredo=Campo(
        SEGREDO,
        "Chave secreta do aplicativo (App Secret): Configurações do app → Básico. Com ela a Meta assina o que envia.",
        obrigatorio=True,
    ),
    cabecalho="X-Hub-Signature-256",
    passos=(
        (
            "No painel do aplicativo, WhatsApp → Configuração → Webhook: cole o endereço do webhook como URL de "
            "callback e verify_token como token de verificação."
        ),
        (
            "Assine o campo messages; para os avisos da conta, também message_template_status_update, "
            "message_template_quality_update, template_category_update, phone_number_quality_update, account_update e "
            "account_alerts."
        ),
        "A assinatura vem sozinha no cabeçalho X-Hub-Signature-256: não há mais nada a configurar.",
    ),
)
