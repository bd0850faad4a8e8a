-- @P1 varbinary(32), @P2 nvarchar(64), @P3 datetime2
-- When logins for a pair of account and address failed since an instant, oldest first.
SELECT failed_at FROM login_failures
WHERE email_hash = @P1 AND address = @P2 AND failed_at > @P3
ORDER BY failed_at, id;
