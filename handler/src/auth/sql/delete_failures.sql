-- @P1 varbinary(32), @P2 nvarchar(64)
DELETE FROM login_failures WHERE email_hash = @P1 AND address = @P2;
