-- @P1 int
-- The next homes without keys, of users with a higher id.
SELECT TOP (500) id, home_city, home_country
FROM users
WHERE id > @P1 AND home_city IS NOT NULL AND home_city_key IS NULL
ORDER BY id;
