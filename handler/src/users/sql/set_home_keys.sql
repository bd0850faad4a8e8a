-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(200)
-- Unless the home has moved or got its keys in the meantime.
UPDATE users SET home_city_key = @P2, home_country_key = @P3
WHERE id = @P1 AND home_city = @P4 AND home_city_key IS NULL;
