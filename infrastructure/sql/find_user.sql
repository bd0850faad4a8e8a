-- The account of an address.
-- @P1 nvarchar(255)
SELECT id, display_name, is_active, created_at
FROM users
WHERE email_key = LOWER(@P1);
