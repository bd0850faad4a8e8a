-- Who may do what in the database. Run once for each database by the Entra administrator of the server, with sqlcmd, which
-- puts the names in: -v APP=travelmeetup-api-dev -v DEPLOYMENT=travelmeetup-deploy-dev. Running it again changes nothing.

-- The app reads and writes rows. It can't change the schema.
IF DATABASE_PRINCIPAL_ID(N'$(APP)') IS NULL
    CREATE USER [$(APP)] FROM EXTERNAL PROVIDER;
ALTER ROLE db_datareader ADD MEMBER [$(APP)];
ALTER ROLE db_datawriter ADD MEMBER [$(APP)];

-- The deployment changes the schema too: `handler migrate`. It can't give rights to anybody.
IF DATABASE_PRINCIPAL_ID(N'$(DEPLOYMENT)') IS NULL
    CREATE USER [$(DEPLOYMENT)] FROM EXTERNAL PROVIDER;
ALTER ROLE db_datareader ADD MEMBER [$(DEPLOYMENT)];
ALTER ROLE db_datawriter ADD MEMBER [$(DEPLOYMENT)];
ALTER ROLE db_ddladmin ADD MEMBER [$(DEPLOYMENT)];
-- For foreign keys.
GRANT REFERENCES TO [$(DEPLOYMENT)];

-- 1 for each role that a user has, 0 for one that it has not.
SELECT
    name,
    IS_ROLEMEMBER(N'db_datareader', name) AS reads,
    IS_ROLEMEMBER(N'db_datawriter', name) AS writes,
    IS_ROLEMEMBER(N'db_ddladmin', name) AS changes_schema,
    IS_ROLEMEMBER(N'db_owner', name) AS owns
FROM sys.database_principals
WHERE name IN (N'$(APP)', N'$(DEPLOYMENT)')
ORDER BY name;
