-- @P1 int, @P2 nvarchar(255), @P3 nvarchar(255)
-- The user, the hash that was verified and the one to keep (the same, or renewed). Touching the row makes a login and a
-- change of password wait for each other: the login with the old one finds no row.
UPDATE users SET password_hash = @P3 WHERE id = @P1 AND password_hash = @P2 AND is_active = 1;
