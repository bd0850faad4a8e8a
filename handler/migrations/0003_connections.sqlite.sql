CREATE TABLE connections (
    id INTEGER NOT NULL CONSTRAINT pk_connections PRIMARY KEY AUTOINCREMENT,
    requester_user_id INTEGER NOT NULL,
    receiver_user_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT fk_connections_requester FOREIGN KEY (requester_user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_connections_receiver FOREIGN KEY (receiver_user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT ck_connections_status CHECK (status IN ('pending', 'accepted', 'rejected')),
    CONSTRAINT unique_connection UNIQUE (requester_user_id, receiver_user_id)
) STRICT;
CREATE INDEX idx_connections_requester ON connections (requester_user_id);
CREATE INDEX idx_connections_receiver ON connections (receiver_user_id);
CREATE INDEX idx_connections_status ON connections (status);
