-- @P1 int, @P2 uniqueidentifier, @P3 datetime2, @P4 datetime2
-- Takes the oldest causes that no scan has begun with, as many as the first parameter says, for the scan of this lease until
-- the time given; the fourth parameter is the present. Of two scans that see the same ones, the second finds them begun.
UPDATE match_causes SET attempts = attempts + 1, lease = @P2, due_at = @P3
OUTPUT INSERTED.id, INSERTED.kind, INSERTED.user_id, INSERTED.other_id, INSERTED.attempts
WHERE attempts = 0 AND id IN (
    SELECT TOP (@P1) w.id FROM match_causes w WHERE w.due_at <= @P4 AND w.attempts = 0 ORDER BY w.due_at, w.id
);
