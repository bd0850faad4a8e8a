INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
SELECT w.value ->> 'person', w.value ->> 'city', w.value ->> 'country', w.value ->> 'city_key',
    w.value ->> 'country_key', w.value ->> 'first_day', w.value ->> 'last_day', NULL, @P2, @P2
FROM json_each(@P1) w;
