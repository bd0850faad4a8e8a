CREATE TABLE rate_windows (
    bucket TEXT NOT NULL,
    hits INTEGER NOT NULL,
    ends_at TEXT NOT NULL,
    CONSTRAINT pk_rate_windows PRIMARY KEY (bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_rate_windows_end ON rate_windows (ends_at);
