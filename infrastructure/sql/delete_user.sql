-- Forgets one person, by id, and all that others can see of them. docs/OPERATIONS.md, "Deleting a user", says how to run it
-- in one transaction. Sessions, plans, words to search by, the person's own notifications and the requests that they sent go
-- with the account (ON DELETE CASCADE). Counts of the rate limits and failed logins, which hold no name, end by themselves
-- within minutes.
-- @P1 int

-- Whoever may lose a notification by this has another list of them: their apps are not to be told that nothing is new.
UPDATE users SET notifications_version = notifications_version + 1
WHERE id IN (SELECT requester_user_id FROM connections WHERE receiver_user_id = @P1)
    OR id IN (SELECT receiver_user_id FROM connections WHERE requester_user_id = @P1)
    OR id IN (
        SELECT user_id FROM told_matches
        WHERE home_user_id = @P1
            OR plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1)
            OR other_plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1)
    );

-- What others were told about the person's travels and home names them.
DELETE FROM notifications
WHERE type = 'travel_match'
    AND EXISTS (
        SELECT 1 FROM users
        WHERE users.id = @P1 AND REPLACE(notifications.message, users.display_name, '') <> notifications.message
    )
    AND EXISTS (
        SELECT 1 FROM told_matches
        WHERE told_matches.user_id = notifications.user_id
            AND (
                told_matches.home_user_id = @P1
                OR told_matches.plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1)
                OR told_matches.other_plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1)
            )
    );

-- And what they were told about a connection with them.
DELETE FROM notifications
WHERE type IN ('connection_request', 'connection_accepted')
    AND related_entity_id IN (
        SELECT id FROM connections WHERE requester_user_id = @P1 OR receiver_user_id = @P1
    );

DELETE FROM told_matches
WHERE user_id = @P1
    OR home_user_id = @P1
    OR plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1)
    OR other_plan_id IN (SELECT id FROM travel_plans WHERE user_id = @P1);

DELETE FROM match_causes WHERE user_id = @P1 OR (kind = 'pair' AND other_id = @P1);

-- The requests that they received have no cascade.
DELETE FROM connections WHERE requester_user_id = @P1 OR receiver_user_id = @P1;

DELETE FROM users WHERE id = @P1;
