-- @P1 varbinary(32), @P2 nvarchar(64), @P3 datetime2, @P4 datetime2
-- A failed login sweeps after the ones that are as old as the fourth parameter, at most a hundred at a time.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
INSERT INTO login_failures (email_hash, address, failed_at) VALUES (@P1, @P2, @P3);
DELETE TOP (100) FROM login_failures WHERE failed_at <= @P4;
COMMIT TRANSACTION;
