-- @P1 nvarchar(max), @P2 nvarchar(255), @P3 datetime2
-- People as a JSON array, the password's hash that all of them have, and when they came.
INSERT INTO users (email, email_key, password_hash, display_name, name_key, home_city, home_country, home_city_key,
    home_country_key, is_active, created_at, updated_at)
SELECT w.email, w.email, @P2, w.name, w.name_key, w.city, w.country, w.city_key, w.country_key, 1, @P3, @P3
FROM OPENJSON(@P1) WITH (
    number int '$.number',
    email nvarchar(255) '$.email',
    name nvarchar(200) '$.name',
    name_key nvarchar(200) '$.name_key',
    city nvarchar(200) '$.city',
    country nvarchar(200) '$.country',
    city_key nvarchar(200) '$.city_key',
    country_key nvarchar(200) '$.country_key'
) w
ORDER BY w.number;
