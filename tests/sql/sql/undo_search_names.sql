-- The schema as it was before migration 0013.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DROP INDEX idx_users_inactive ON users;
IF OBJECT_ID(N'df_user_words_name_key', N'D') IS NOT NULL
    ALTER TABLE user_words DROP CONSTRAINT df_user_words_name_key;
ALTER TABLE user_words DROP COLUMN name_key;
DELETE FROM schema_migrations WHERE version = 13;
COMMIT TRANSACTION;
