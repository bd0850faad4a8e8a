SELECT version, oldest_build FROM schema_migrations WHERE oldest_build IS NOT NULL;
