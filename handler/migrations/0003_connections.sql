-- Specification 3.2.2. A receiver has no cascade: SQL Server allows one path from users to here.
CREATE TABLE connections (
    id INT IDENTITY(1,1) NOT NULL,
    requester_user_id INT NOT NULL,
    receiver_user_id INT NOT NULL,
    status NVARCHAR(20) NOT NULL,
    created_at DATETIME2 NOT NULL,
    updated_at DATETIME2 NOT NULL,
    CONSTRAINT pk_connections PRIMARY KEY (id),
    CONSTRAINT fk_connections_requester FOREIGN KEY (requester_user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_connections_receiver FOREIGN KEY (receiver_user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT ck_connections_status CHECK (status IN ('pending', 'accepted', 'rejected')),
    CONSTRAINT unique_connection UNIQUE (requester_user_id, receiver_user_id)
);
GO
CREATE INDEX idx_connections_requester ON connections (requester_user_id);
GO
CREATE INDEX idx_connections_receiver ON connections (receiver_user_id);
GO
CREATE INDEX idx_connections_status ON connections (status);
