CREATE TRIGGER refused BEFORE INSERT ON match_causes
WHEN NEW.created_at >= '2027-01-01'
BEGIN SELECT RAISE(ABORT, 'refused'); END;
