DROP INDEX idx_notifications_user;
DROP INDEX idx_notifications_read;
DROP INDEX idx_notifications_created;
CREATE INDEX idx_notifications_user ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX idx_notifications_read ON notifications (user_id, is_read, type);
