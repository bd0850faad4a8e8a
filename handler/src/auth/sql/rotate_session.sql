-- @P1 uniqueidentifier, @P2 varbinary(32), @P3 varbinary(32), @P4 datetime2, @P5 datetime2
-- The session, its present refresh secret, the one it is spent for, now, and when it expires then. Of several at once, one finds the row as it says; the others find none.
UPDATE sessions
SET refresh_hash = @P3, previous_hash = @P2, rotated_at = @P4, last_used_at = @P4, expires_at = @P5
WHERE id = @P1 AND refresh_hash = @P2 AND ended_at IS NULL;
