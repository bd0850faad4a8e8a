SELECT 1 AS present WHERE OBJECT_ID(N'schema_migrations') IS NOT NULL;
