INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, 'pending', @P5, @P5)
RETURNING id;
INSERT INTO notifications (user_id, type, message, related_entity_id, is_read, created_at)
VALUES (@P6, @P7, @P8, last_insert_rowid(), 0, @P5);
UPDATE users SET notifications_version = notifications_version + 1 WHERE id = @P6;
