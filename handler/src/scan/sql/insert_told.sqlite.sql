INSERT INTO told_matches (user_id, plan_id, other_plan_id, home_user_id, city_key, country_key, told_at)
SELECT w.value ->> 'user_id', w.value ->> 'plan_id', w.value ->> 'other_plan_id', w.value ->> 'home_user_id',
    w.value ->> 'city_key', w.value ->> 'country_key', @P2
FROM json_each(@P1) w;
