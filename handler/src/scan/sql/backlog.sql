-- How much is to be done, since when, and how much was set aside.
SELECT
    (SELECT COUNT(*) FROM match_causes w WHERE w.attempts >= 0 AND w.due_at IS NOT NULL) AS waiting,
    (SELECT MIN(w.created_at) FROM match_causes w WHERE w.attempts >= 0 AND w.due_at IS NOT NULL) AS oldest,
    (SELECT COUNT(*) FROM match_causes s WHERE s.attempts > 0 AND s.due_at IS NULL) AS set_aside;
