SELECT COUNT(*) AS number FROM users u
WHERE NOT EXISTS (SELECT 1 FROM user_words w WHERE w.user_id = u.id);
