INSERT INTO users (email, email_key, password_hash, display_name, name_key, home_city, home_country, home_city_key,
    home_country_key, is_active, created_at, updated_at)
SELECT w.value ->> 'email', w.value ->> 'email', @P2, w.value ->> 'name', w.value ->> 'name_key', w.value ->> 'city',
    w.value ->> 'country', w.value ->> 'city_key', w.value ->> 'country_key', 1, @P3, @P3
FROM json_each(@P1) w
ORDER BY w.value ->> 'number';
