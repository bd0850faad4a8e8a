-- @P1 uniqueidentifier, @P2 int, @P3 bigint, @P4 bit, @P5 nvarchar(255), @P6 nvarchar(max), @P7 varbinary(32)
-- @P8 varbinary(max), @P9 datetime2, @P10 date
INSERT INTO samples (id, small, large, yes, line, prose, fingerprint, raw, happened_at, on_day)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10);
