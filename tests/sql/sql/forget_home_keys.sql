-- @P1 int
UPDATE users SET home_city_key = NULL, home_country_key = NULL WHERE id = @P1;
