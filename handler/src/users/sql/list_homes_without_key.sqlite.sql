SELECT id, home_city, home_country
FROM users
WHERE id > @P1 AND home_city IS NOT NULL AND home_city_key IS NULL
ORDER BY id
LIMIT 500;
