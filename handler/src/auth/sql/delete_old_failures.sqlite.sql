DELETE FROM login_failures WHERE id IN (SELECT id FROM login_failures WHERE failed_at <= @P1 LIMIT 100);
