-- Onde o n8n guarda as respostas que não conseguiu entregar. Rode uma vez, no banco da credencial
-- "Confirma: respostas guardadas" (o do próprio n8n serve). O reenvio apaga cada linha entregue.
CREATE TABLE IF NOT EXISTS confirma_respostas_guardadas (
    pedido_id   text PRIMARY KEY,
    corpo       text NOT NULL,
    recebido    text NOT NULL,
    erro        text,
    tentativas  integer NOT NULL DEFAULT 0,
    guardada_em timestamptz NOT NULL DEFAULT now()
);
