-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(1000), @P5 nvarchar(1000), @P6 nvarchar(200)
-- @P7 nvarchar(200), @P8 nvarchar(200), @P9 nvarchar(200), @P10 datetime2
UPDATE users
SET display_name = @P2, name_key = @P3, bio = @P4, profile_pic_url = @P5, home_city = @P6, home_country = @P7,
    home_city_key = @P8, home_country_key = @P9, updated_at = @P10, profile_version = profile_version + 1
WHERE id = @P1 AND is_active = 1;
