-- Serves no older build.
ALTER TABLE user_words ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE user_words SET name_key = (SELECT u.name_key FROM users u WHERE u.id = user_words.user_id);
-- Of the inactive alone: the planner would take one of all users for joins that their primary key serves better.
CREATE INDEX idx_users_inactive ON users (is_active, id) WHERE is_active = 0;
