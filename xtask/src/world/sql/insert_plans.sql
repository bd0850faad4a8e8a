-- @P1 nvarchar(max), @P2 datetime2
INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
SELECT w.person, w.city, w.country, w.city_key, w.country_key, w.first_day, w.last_day, NULL, @P2, @P2
FROM OPENJSON(@P1) WITH (
    person int '$.person',
    city nvarchar(200) '$.city',
    country nvarchar(200) '$.country',
    city_key nvarchar(200) '$.city_key',
    country_key nvarchar(200) '$.country_key',
    first_day date '$.first_day',
    last_day date '$.last_day'
) w;
