SELECT user_id, plan_id, other_plan_id, home_user_id, city_key, country_key FROM told_matches ORDER BY user_id, plan_id, other_plan_id, home_user_id, city_key, country_key;
