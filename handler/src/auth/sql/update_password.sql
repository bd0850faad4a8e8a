-- @P1 int, @P2 nvarchar(255), @P3 nvarchar(255), @P4 datetime2
-- The user, the hash that was verified, and the one to set.
UPDATE users SET password_hash = @P3, updated_at = @P4 WHERE id = @P1 AND password_hash = @P2 AND is_active = 1;
