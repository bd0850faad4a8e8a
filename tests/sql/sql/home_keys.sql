-- @P1 int
SELECT home_city_key, home_country_key FROM users WHERE id = @P1;
