-- @P1 nvarchar(max)
UPDATE u SET home_city = w.city, home_country = w.country, home_city_key = w.city_key, home_country_key = w.country_key
FROM users u
JOIN OPENJSON(@P1) WITH (
    number int '$.number',
    city nvarchar(200) '$.city',
    country nvarchar(200) '$.country',
    city_key nvarchar(200) '$.city_key',
    country_key nvarchar(200) '$.country_key'
) w ON w.number = u.id;
