CREATE TRIGGER poison BEFORE INSERT ON told_matches
WHEN NEW.plan_id = (SELECT MIN(id) FROM travel_plans)
BEGIN SELECT RAISE(ABORT, 'poison'); END;
