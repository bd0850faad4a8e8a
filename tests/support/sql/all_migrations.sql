SELECT version, name, checksum, oldest_build FROM schema_migrations ORDER BY version;
