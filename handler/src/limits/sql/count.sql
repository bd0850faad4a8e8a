-- @P1 nvarchar(64), @P2 int, @P3 datetime2, @P4 datetime2, @P5 datetime2
-- Adds the hits of the second parameter to a window that lasts at the third, the present, or begins a new one with them
-- that ends at the fourth, and makes the row if there is none. One that ends after the fifth was begun by a clock that has been
-- turned back since.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
UPDATE rate_windows SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + @P2 ELSE @P2 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END
WHERE bucket = @P1;
IF @@ROWCOUNT = 0 INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, @P2, @P4);
SELECT hits, ends_at FROM rate_windows WHERE bucket = @P1;
COMMIT TRANSACTION;
