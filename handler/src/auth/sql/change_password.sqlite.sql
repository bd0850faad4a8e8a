UPDATE sessions SET ended_at = @P5, end_reason = @P6
WHERE user_id = @P1 AND id <> @P4 AND ended_at IS NULL
    AND EXISTS (SELECT 1 FROM users WHERE id = @P1 AND password_hash = @P2 AND is_active = 1);
-- What has changed by now are the sessions.
UPDATE users SET password_hash = @P3, updated_at = @P5, profile_version = profile_version + 1
WHERE id = @P1 AND password_hash = @P2 AND is_active = 1
RETURNING changes() AS ended;
