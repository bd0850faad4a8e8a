-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(200), @P5 nvarchar(200), @P6 date, @P7 date
-- @P8 nvarchar(2000), @P9 datetime2
UPDATE travel_plans
SET city = @P2, country = @P3, city_key = @P4, country_key = @P5, start_date = @P6, end_date = @P7, description = @P8,
    updated_at = @P9
WHERE id = @P1;
