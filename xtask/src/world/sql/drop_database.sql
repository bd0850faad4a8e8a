-- @P1 nvarchar(128)
-- Fails while someone is connected to it.
DECLARE @statement nvarchar(400) = N'DROP DATABASE ' + QUOTENAME(@P1);
EXEC (@statement);
