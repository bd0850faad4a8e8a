INSERT INTO login_failures (email_hash, address, failed_at) VALUES (@P1, @P2, @P3);
DELETE FROM login_failures WHERE id IN (SELECT id FROM login_failures WHERE failed_at <= @P4 LIMIT 100);
