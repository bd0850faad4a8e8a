-- @P1 uniqueidentifier, @P2 datetime2, @P3 datetime2, @P4 datetime2
-- Takes one cause that a scan has begun with and not finished, for the scan of this lease until the time given. It is due if
-- its time has come (the third parameter is the present), or if its time lies further ahead than any scan sets it (the
-- fourth): then the clock was turned back.
UPDATE match_causes SET attempts = attempts + 1, lease = @P1, due_at = @P2
OUTPUT INSERTED.id, INSERTED.kind, INSERTED.user_id, INSERTED.other_id, INSERTED.attempts
WHERE (due_at <= @P3 OR due_at > @P4) AND id = (
    SELECT TOP (1) w.id FROM match_causes w
    WHERE (w.due_at <= @P3 OR w.due_at > @P4) AND w.attempts > 0
    ORDER BY w.due_at, w.id
);
