DELETE FROM travel_plans WHERE user_id IN (SELECT w.value ->> 'number' FROM json_each(@P1) w);
