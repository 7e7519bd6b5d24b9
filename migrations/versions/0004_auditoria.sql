-- Who read, changed, exported or removed what: only added to, each line bound to the one before it.
CREATE TABLE "SantaCasa".auditoria (
    tenant_id BIGINT NOT NULL,
    numero BIGINT NOT NULL,
    em TIMESTAMP WITH TIME ZONE NOT NULL,
    quem_tipo TEXT NOT NULL,
    quem_id BIGINT,
    quem TEXT NOT NULL,
    acao TEXT NOT NULL,
    alvo TEXT NOT NULL,
    alvo_id BIGINT,
    de_onde TEXT NOT NULL,
    pedido TEXT,
    elo BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, numero),
    FOREIGN KEY(tenant_id) REFERENCES "SantaCasa".tenants (id)
);
CREATE INDEX auditoria_alvo ON "SantaCasa".auditoria (tenant_id, alvo, alvo_id);
CREATE INDEX auditoria_em ON "SantaCasa".auditoria (tenant_id, em);
-- Where each hospital's chain ends: whoever adds holds this row, so that no two lines follow the same one.
CREATE TABLE "SantaCasa".auditoria_pontas (
    tenant_id BIGINT NOT NULL,
    numero BIGINT NOT NULL,
    elo BYTEA NOT NULL,
    PRIMARY KEY (tenant_id),
    FOREIGN KEY(tenant_id) REFERENCES "SantaCasa".tenants (id)
);
