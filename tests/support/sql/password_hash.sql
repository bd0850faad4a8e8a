-- @P1 nvarchar(255)
SELECT password_hash FROM users WHERE email_key = LOWER(@P1);
