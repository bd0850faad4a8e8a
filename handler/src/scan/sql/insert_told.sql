-- @P1 nvarchar(max), @P2 datetime2
-- Who was told of what, a JSON array. The primary key refuses whom another scan has told meanwhile.
INSERT INTO told_matches (user_id, plan_id, other_plan_id, home_user_id, city_key, country_key, told_at)
SELECT w.user_id, w.plan_id, w.other_plan_id, w.home_user_id, w.city_key, w.country_key, @P2
FROM OPENJSON(@P1) WITH (
    user_id int '$.user_id',
    plan_id int '$.plan_id',
    other_plan_id int '$.other_plan_id',
    home_user_id int '$.home_user_id',
    city_key nvarchar(200) '$.city_key',
    country_key nvarchar(200) '$.country_key'
) w;
