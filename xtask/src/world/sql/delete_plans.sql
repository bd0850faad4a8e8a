-- @P1 nvarchar(max)
-- The plans of these people.
DELETE FROM travel_plans WHERE user_id IN (SELECT w.person FROM OPENJSON(@P1) WITH (person int '$.number') w);
