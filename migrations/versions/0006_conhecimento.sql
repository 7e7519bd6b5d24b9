-- What the hospital lets the program answer: its own words, never a patient's.
CREATE TABLE "SantaCasa".conhecimento (
    tenant_id BIGINT NOT NULL,
    chave TEXT NOT NULL,
    texto TEXT NOT NULL,
    perguntas JSONB DEFAULT '[]' NOT NULL,
    atualizado_em TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, chave),
    FOREIGN KEY(tenant_id) REFERENCES "SantaCasa".tenants (id)
);
-- Days and hours somebody who wants another date would like.
ALTER TABLE "SantaCasa".atendimentos ADD preferencia TEXT;
