-- @P1 int
UPDATE users SET is_active = 0 WHERE id = @P1;
