INSERT INTO rate_windows (bucket, hits, ends_at) VALUES (@P1, @P2, @P4)
ON CONFLICT (bucket) DO UPDATE SET
    hits = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN hits + @P2 ELSE @P2 END,
    ends_at = CASE WHEN ends_at > @P3 AND ends_at <= @P5 THEN ends_at ELSE @P4 END
RETURNING hits, ends_at;
