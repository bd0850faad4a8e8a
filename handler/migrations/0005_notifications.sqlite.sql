CREATE TABLE notifications (
    id INTEGER NOT NULL CONSTRAINT pk_notifications PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    message TEXT NOT NULL,
    related_entity_id INTEGER NULL,
    is_read INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT fk_notifications_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_notifications_type CHECK (type IN ('connection_request', 'connection_accepted', 'travel_match'))
) STRICT;
CREATE INDEX idx_notifications_user ON notifications (user_id);
CREATE INDEX idx_notifications_read ON notifications (is_read);
CREATE INDEX idx_notifications_created ON notifications (created_at DESC);
