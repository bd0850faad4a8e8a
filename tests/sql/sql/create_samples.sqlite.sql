CREATE TABLE samples (
    id TEXT NOT NULL,
    small INTEGER NULL,
    large INTEGER NULL,
    yes INTEGER NULL,
    line TEXT NULL,
    prose TEXT NULL,
    fingerprint BLOB NULL,
    raw BLOB NULL,
    happened_at TEXT NULL,
    on_day TEXT NULL,
    CONSTRAINT pk_samples PRIMARY KEY (id),
    CONSTRAINT uq_samples_small UNIQUE (small)
) STRICT;
