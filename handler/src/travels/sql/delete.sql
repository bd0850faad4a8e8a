-- @P1 int
DELETE FROM travel_plans WHERE id = @P1;
