-- @P1 int
-- The notifications of matches with an id above this one.
SELECT id, user_id, message, related_entity_id FROM notifications WHERE type = 'travel_match' AND id > @P1 ORDER BY id;
