CREATE TABLE sessions (
    id TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    refresh_hash BLOB NOT NULL,
    previous_hash BLOB NULL,
    rotated_at TEXT NULL,
    user_agent TEXT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT NULL,
    end_reason TEXT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_sessions_end_reason CHECK (end_reason IN ('logout', 'ended', 'password', 'reuse'))
) STRICT;
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at);
CREATE TABLE login_failures (
    id INTEGER NOT NULL CONSTRAINT pk_login_failures PRIMARY KEY AUTOINCREMENT,
    email_hash BLOB NOT NULL,
    address TEXT NOT NULL,
    failed_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_login_failures_pair ON login_failures (email_hash, address, failed_at);
CREATE INDEX idx_login_failures_time ON login_failures (failed_at);
