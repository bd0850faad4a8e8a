-- @P1 nvarchar(128)
DECLARE @statement nvarchar(400) = N'CREATE DATABASE ' + QUOTENAME(@P1);
EXEC (@statement);
