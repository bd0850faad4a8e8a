SELECT COUNT(*) AS number FROM users;
