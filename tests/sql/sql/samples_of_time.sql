SELECT small FROM samples ORDER BY happened_at;
