DROP INDEX idx_users_inactive;
ALTER TABLE user_words DROP COLUMN name_key;
DELETE FROM schema_migrations WHERE version = 13;
