-- Serves no older build.
-- Each word knows the name's place in the order, and who is inactive is a short list: a search reads words that stand side by
-- side, and of users only those on its page. An older build would write words without it.
ALTER TABLE user_words ADD name_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL
    CONSTRAINT df_user_words_name_key DEFAULT N'';
GO
UPDATE w SET name_key = u.name_key FROM user_words w JOIN users u ON u.id = w.user_id;
GO
CREATE INDEX idx_users_inactive ON users (is_active, id);
