INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P9)
RETURNING id;
