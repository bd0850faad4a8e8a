INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, 1, @P4)
ON CONFLICT (bucket) DO UPDATE SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + 1 ELSE 1 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END
WHERE hits < @P2 OR ends_at <= @P3 OR ends_at > @P5
RETURNING hits, ends_at;
