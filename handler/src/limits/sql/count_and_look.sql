-- @P1 nvarchar(64), @P2 int, @P3 datetime2, @P4 datetime2, @P5 datetime2, @P6 uniqueidentifier, @P7 int
-- Counts as count.sql does, and looks by the way at the session of the sixth parameter: what live_session.sql answers of it
-- and of the user of the seventh, or NULLs.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
UPDATE rate_windows SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + @P2 ELSE @P2 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END
WHERE bucket = @P1;
IF @@ROWCOUNT = 0 INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, @P2, @P4);
SELECT c.hits, c.ends_at, l.profile_version, l.plans_version, l.notifications_version
FROM rate_windows c
LEFT JOIN (
    SELECT u.profile_version, u.plans_version, u.notifications_version
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    WHERE s.id = @P6 AND s.user_id = @P7 AND s.ended_at IS NULL AND s.expires_at > @P3 AND u.is_active = 1
) l ON 1 = 1
WHERE c.bucket = @P1;
COMMIT TRANSACTION;
