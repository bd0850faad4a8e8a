-- One row a login. Refresh secrets are kept only as SHA-256.
CREATE TABLE sessions (
    id UNIQUEIDENTIFIER NOT NULL,
    user_id INT NOT NULL,
    -- Of the refresh secret that is good now, and of the one that was spent for it.
    refresh_hash VARBINARY(32) NOT NULL,
    previous_hash VARBINARY(32) NULL,
    rotated_at DATETIME2 NULL,
    user_agent NVARCHAR(512) NULL,
    created_at DATETIME2 NOT NULL,
    last_used_at DATETIME2 NOT NULL,
    -- Each refresh moves it on, never past 30 days after created_at.
    expires_at DATETIME2 NOT NULL,
    ended_at DATETIME2 NULL,
    end_reason NVARCHAR(20) NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_sessions_end_reason CHECK (end_reason IN ('logout', 'ended', 'password', 'reuse'))
);
GO
CREATE INDEX idx_sessions_user ON sessions (user_id, created_at);
GO
-- Failed logins of the last minutes, to slow guessing; the address of the account only as SHA-256.
CREATE TABLE login_failures (
    id BIGINT IDENTITY(1,1) NOT NULL,
    email_hash VARBINARY(32) NOT NULL,
    address NVARCHAR(64) NOT NULL,
    failed_at DATETIME2 NOT NULL,
    CONSTRAINT pk_login_failures PRIMARY KEY (id)
);
GO
CREATE INDEX idx_login_failures_pair ON login_failures (email_hash, address, failed_at);
GO
CREATE INDEX idx_login_failures_time ON login_failures (failed_at);
