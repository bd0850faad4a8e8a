UPDATE users SET home_city = w.value ->> 'city', home_country = w.value ->> 'country',
    home_city_key = w.value ->> 'city_key', home_country_key = w.value ->> 'country_key'
FROM json_each(@P1) w
WHERE users.id = w.value ->> 'number';
