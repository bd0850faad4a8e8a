ALTER TABLE connections ADD COLUMN user_low_id INTEGER NOT NULL;
ALTER TABLE connections ADD COLUMN user_high_id INTEGER NOT NULL CONSTRAINT ck_connections_pair CHECK (
    (requester_user_id = user_low_id AND receiver_user_id = user_high_id AND user_low_id < user_high_id)
    OR (requester_user_id = user_high_id AND receiver_user_id = user_low_id AND user_low_id < user_high_id)
);
CREATE UNIQUE INDEX uq_connections_pair ON connections (user_low_id, user_high_id);
DROP INDEX idx_connections_requester;
DROP INDEX idx_connections_receiver;
DROP INDEX idx_connections_status;
CREATE INDEX idx_connections_requester ON connections (requester_user_id, status, receiver_user_id);
CREATE INDEX idx_connections_receiver ON connections (receiver_user_id, status, requester_user_id);
