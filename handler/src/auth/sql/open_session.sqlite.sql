UPDATE users SET password_hash = @P8 WHERE id = @P2 AND password_hash = @P7 AND is_active = 1 RETURNING id;
INSERT INTO sessions (id, user_id, refresh_hash, user_agent, created_at, last_used_at, expires_at)
SELECT @P1, @P2, @P3, @P4, @P5, @P5, @P6 WHERE changes() > 0;
DELETE FROM login_failures WHERE email_hash = @P9 AND address = @P10 AND changes() > 0;
