-- @P1 int
SELECT email, display_name, password_hash FROM users WHERE id = @P1 AND is_active = 1;
