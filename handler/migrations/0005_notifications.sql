-- Specification 3.2.4.
CREATE TABLE notifications (
    id INT IDENTITY(1,1) NOT NULL,
    user_id INT NOT NULL,
    type NVARCHAR(50) NOT NULL,
    message NVARCHAR(1000) NOT NULL,
    -- The connection or the travel plan that it is about, depending on type.
    related_entity_id INT NULL,
    is_read BIT NOT NULL,
    created_at DATETIME2 NOT NULL,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT fk_notifications_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_notifications_type CHECK (type IN ('connection_request', 'connection_accepted', 'travel_match'))
);
GO
CREATE INDEX idx_notifications_user ON notifications (user_id);
GO
CREATE INDEX idx_notifications_read ON notifications (is_read);
GO
CREATE INDEX idx_notifications_created ON notifications (created_at DESC);
