-- @P1 int, @P2 nvarchar(255), @P3 nvarchar(255), @P4 uniqueidentifier, @P5 datetime2, @P6 nvarchar(20)
-- The user, the hash that was verified and the one to set; the one session that is kept, when the others end, and why.
-- Answers a row, with how many they were, if it was done.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @ended int;
UPDATE users SET password_hash = @P3, updated_at = @P5, profile_version = profile_version + 1
WHERE id = @P1 AND password_hash = @P2 AND is_active = 1;
IF @@ROWCOUNT > 0
BEGIN
    UPDATE sessions SET ended_at = @P5, end_reason = @P6 WHERE user_id = @P1 AND id <> @P4 AND ended_at IS NULL;
    SET @ended = @@ROWCOUNT;
END
COMMIT TRANSACTION;
SELECT @ended AS ended WHERE @ended IS NOT NULL;
