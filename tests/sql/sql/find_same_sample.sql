-- @P1 int, @P2 bigint, @P3 bit, @P4 nvarchar(255), @P5 varbinary(32), @P6 datetime2, @P7 date
-- Whoever equals all of these: a value that is sent equals the one that was kept.
SELECT id FROM samples
WHERE small = @P1 AND large = @P2 AND yes = @P3 AND line = @P4 AND fingerprint = @P5 AND happened_at = @P6
    AND on_day = @P7;
