-- @P1 uniqueidentifier, @P2 int, @P3 varbinary(32), @P4 nvarchar(512), @P5 datetime2, @P6 datetime2, @P7 nvarchar(255)
-- @P8 nvarchar(255), @P9 varbinary(32), @P10 nvarchar(64)
-- The session, with the hash of the password that was verified, the one to keep (the same, or renewed), and the pair of
-- account and address whose failures are forgotten. Touching the user's row makes a login and a change of password wait for
-- each other: the login with the old one finds no row. Answers a row if it was done.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @is_done bit = 0;
UPDATE users SET password_hash = @P8 WHERE id = @P2 AND password_hash = @P7 AND is_active = 1;
IF @@ROWCOUNT > 0
BEGIN
    SET @is_done = 1;
    INSERT INTO sessions (id, user_id, refresh_hash, user_agent, created_at, last_used_at, expires_at)
    VALUES (@P1, @P2, @P3, @P4, @P5, @P5, @P6);
    DELETE FROM login_failures WHERE email_hash = @P9 AND address = @P10;
END
COMMIT TRANSACTION;
SELECT 1 AS done WHERE @is_done = 1;
