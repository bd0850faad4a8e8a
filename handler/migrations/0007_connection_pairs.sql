-- One row for two people, whoever asked: their ids in order, unique. Connections there are none yet.
ALTER TABLE connections ADD user_low_id INT NOT NULL;
GO
ALTER TABLE connections ADD user_high_id INT NOT NULL;
GO
ALTER TABLE connections ADD CONSTRAINT ck_connections_pair CHECK (
    (requester_user_id = user_low_id AND receiver_user_id = user_high_id AND user_low_id < user_high_id)
    OR (requester_user_id = user_high_id AND receiver_user_id = user_low_id AND user_low_id < user_high_id)
);
GO
ALTER TABLE connections ADD CONSTRAINT uq_connections_pair UNIQUE (user_low_id, user_high_id);
GO
DROP INDEX idx_connections_requester ON connections;
GO
DROP INDEX idx_connections_receiver ON connections;
GO
DROP INDEX idx_connections_status ON connections;
GO
-- Somebody's connections and requests, from either side.
CREATE INDEX idx_connections_requester ON connections (requester_user_id, status, receiver_user_id);
GO
CREATE INDEX idx_connections_receiver ON connections (receiver_user_id, status, requester_user_id);
