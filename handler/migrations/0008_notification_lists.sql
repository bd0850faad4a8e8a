-- Somebody's notifications, newest first, and the unread ones. Nobody asks for those of all people.
DROP INDEX idx_notifications_user ON notifications;
GO
DROP INDEX idx_notifications_read ON notifications;
GO
DROP INDEX idx_notifications_created ON notifications;
GO
CREATE INDEX idx_notifications_user ON notifications (user_id, created_at DESC, id DESC);
GO
CREATE INDEX idx_notifications_read ON notifications (user_id, is_read, type);
