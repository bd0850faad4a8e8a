-- @P1 nvarchar(64), @P2 int, @P3 datetime2, @P4 datetime2, @P5 datetime2
-- Counts one more in a window that lasts at the third parameter, the present, if it has fewer than the second allows; or
-- begins a new one with it that ends at the fourth, and makes the row if there is none. One that ends after the fifth was begun
-- by a clock that has been turned back since. Whether there was room is told by whether there is a row, and not by the number
-- in it.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @has_room bit = 0;
UPDATE rate_windows SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + 1 ELSE 1 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END
WHERE bucket = @P1 AND (hits < @P2 OR ends_at <= @P3 OR ends_at > @P5);
IF @@ROWCOUNT > 0 SET @has_room = 1;
IF @has_room = 0 AND NOT EXISTS (SELECT 1 FROM rate_windows WHERE bucket = @P1)
BEGIN
    INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, 1, @P4);
    SET @has_room = 1;
END
SELECT hits, ends_at FROM rate_windows WHERE bucket = @P1 AND @has_room = 1;
COMMIT TRANSACTION;
