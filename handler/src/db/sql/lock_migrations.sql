-- Held until the end of the transaction; a negative result means that another process still holds it.
DECLARE @result int;
EXEC @result = sp_getapplock @Resource = N'travelmeetup-migrations', @LockMode = N'Exclusive',
    @LockOwner = N'Transaction', @LockTimeout = 10000;
SELECT @result AS result;
