-- Specification 3.2.1. Text columns hold twice the characters of the specification, because a character outside the
-- basic plane (an emoji) takes two of NVARCHAR's units.
CREATE TABLE users (
    id INT IDENTITY(1,1) NOT NULL,
    email NVARCHAR(255) NOT NULL,
    -- The address in lower case: what makes it unique, whatever the collation of the database.
    email_key NVARCHAR(255) NOT NULL,
    password_hash NVARCHAR(255) NOT NULL,
    display_name NVARCHAR(200) NOT NULL,
    -- The folded name, for ordering alike on every engine.
    name_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    bio NVARCHAR(1000) NULL,
    profile_pic_url NVARCHAR(1000) NULL,
    home_city NVARCHAR(200) NULL,
    home_country NVARCHAR(200) NULL,
    is_active BIT NOT NULL,
    created_at DATETIME2 NOT NULL,
    updated_at DATETIME2 NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email_key UNIQUE (email_key)
);
GO
CREATE INDEX idx_users_email ON users (email);
GO
CREATE INDEX idx_users_display_name ON users (display_name);
GO
-- The words of each display name, folded: a search for the start of a word is a seek here.
CREATE TABLE user_words (
    word NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    user_id INT NOT NULL,
    CONSTRAINT pk_user_words PRIMARY KEY (word, user_id),
    CONSTRAINT fk_user_words_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
GO
CREATE INDEX idx_user_words_user ON user_words (user_id, word);
