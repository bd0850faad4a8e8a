-- Which migrations were applied. Run before each migration, so it has to bear repetition.
IF OBJECT_ID(N'schema_migrations') IS NULL
CREATE TABLE schema_migrations (
    version INT NOT NULL,
    name NVARCHAR(100) NOT NULL,
    checksum NVARCHAR(64) NOT NULL,
    applied_at DATETIME2 NOT NULL,
    CONSTRAINT pk_schema_migrations PRIMARY KEY (version)
);
