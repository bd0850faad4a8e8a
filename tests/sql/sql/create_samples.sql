-- One column for each kind of value that there is, wide enough for the longest.
CREATE TABLE samples (
    id UNIQUEIDENTIFIER NOT NULL,
    small INT NULL,
    large BIGINT NULL,
    yes BIT NULL,
    line NVARCHAR(255) NULL,
    prose NVARCHAR(MAX) NULL,
    fingerprint VARBINARY(32) NULL,
    raw VARBINARY(MAX) NULL,
    happened_at DATETIME2 NULL,
    on_day DATE NULL,
    CONSTRAINT pk_samples PRIMARY KEY (id),
    CONSTRAINT uq_samples_small UNIQUE (small)
);
