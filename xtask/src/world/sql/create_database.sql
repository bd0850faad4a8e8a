-- @P1 nvarchar(128)
-- As Azure SQL Database makes one: readers see what was committed and wait for nobody. Only SQL Server itself knows the
-- setting.
DECLARE @create nvarchar(400) = N'CREATE DATABASE ' + QUOTENAME(@P1);
DECLARE @snapshot nvarchar(400) = N'ALTER DATABASE ' + QUOTENAME(@P1) + N' SET READ_COMMITTED_SNAPSHOT ON';
EXEC (@create);
IF @@VERSION LIKE N'Microsoft SQL Server%'
    EXEC (@snapshot);
