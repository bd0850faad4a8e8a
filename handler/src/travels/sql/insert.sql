-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(200), @P5 nvarchar(200), @P6 date, @P7 date
-- @P8 nvarchar(2000), @P9 datetime2
INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
OUTPUT INSERTED.id
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P9);
