-- How many requests of a client were counted, and until when they count: one row for a client and a kind of request, taken
-- over by the client's next minute.
CREATE TABLE rate_windows (
    -- auth:203.0.113.7, user:17, addr:2001:db8::/64, search:17
    bucket NVARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL,
    hits INT NOT NULL,
    ends_at DATETIME2 NOT NULL,
    CONSTRAINT pk_rate_windows PRIMARY KEY (bucket)
);
GO
CREATE INDEX idx_rate_windows_end ON rate_windows (ends_at);
