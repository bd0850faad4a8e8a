CREATE TABLE users (
    id INTEGER NOT NULL CONSTRAINT pk_users PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    bio TEXT NULL,
    profile_pic_url TEXT NULL,
    home_city TEXT NULL,
    home_country TEXT NULL,
    is_active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT uq_users_email_key UNIQUE (email_key)
) STRICT;
CREATE INDEX idx_users_email ON users (email);
CREATE INDEX idx_users_display_name ON users (display_name);
CREATE TABLE user_words (
    word TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    CONSTRAINT pk_user_words PRIMARY KEY (word, user_id),
    CONSTRAINT fk_user_words_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_user_words_user ON user_words (user_id, word);
