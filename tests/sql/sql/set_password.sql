-- @P1 int, @P2 nvarchar(255)
UPDATE users SET password_hash = @P2 WHERE id = @P1;
