-- The database of compose.yaml and who may use it. $(APP_PASSWORD) and $(MIGRATION_PASSWORD) come from sqlcmd's environment.
-- Running it again sets both passwords to what they are there.
IF DB_ID(N'travelmeetup') IS NULL
    CREATE DATABASE travelmeetup COLLATE SQL_Latin1_General_CP1_CI_AS;
GO
-- As in Azure SQL Database: readers do not wait for writers.
ALTER DATABASE travelmeetup SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO
IF SUSER_ID(N'travelmeetup_app') IS NULL
    CREATE LOGIN travelmeetup_app WITH PASSWORD = N'$(APP_PASSWORD)', DEFAULT_DATABASE = travelmeetup;
ELSE
    ALTER LOGIN travelmeetup_app WITH PASSWORD = N'$(APP_PASSWORD)';
IF SUSER_ID(N'travelmeetup_migration') IS NULL
    CREATE LOGIN travelmeetup_migration WITH PASSWORD = N'$(MIGRATION_PASSWORD)', DEFAULT_DATABASE = travelmeetup;
ELSE
    ALTER LOGIN travelmeetup_migration WITH PASSWORD = N'$(MIGRATION_PASSWORD)';
GO
USE travelmeetup;
GO
-- The same rights as on Azure: infrastructure/sql/grant.sql.
IF DATABASE_PRINCIPAL_ID(N'travelmeetup_app') IS NULL
    CREATE USER travelmeetup_app FOR LOGIN travelmeetup_app;
ALTER ROLE db_datareader ADD MEMBER travelmeetup_app;
ALTER ROLE db_datawriter ADD MEMBER travelmeetup_app;
IF DATABASE_PRINCIPAL_ID(N'travelmeetup_migration') IS NULL
    CREATE USER travelmeetup_migration FOR LOGIN travelmeetup_migration;
ALTER ROLE db_datareader ADD MEMBER travelmeetup_migration;
ALTER ROLE db_datawriter ADD MEMBER travelmeetup_migration;
ALTER ROLE db_ddladmin ADD MEMBER travelmeetup_migration;
GRANT REFERENCES TO travelmeetup_migration;
