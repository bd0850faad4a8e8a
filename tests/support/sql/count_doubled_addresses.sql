SELECT COUNT(*) AS number
FROM (SELECT LOWER(email) AS address FROM users GROUP BY LOWER(email) HAVING COUNT(*) > 1) doubled;
