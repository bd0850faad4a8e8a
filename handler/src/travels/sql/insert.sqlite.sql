UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1;
INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P9)
RETURNING id;
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
VALUES (@P10, @P1, last_insert_rowid(), @P9, 0, @P11);
