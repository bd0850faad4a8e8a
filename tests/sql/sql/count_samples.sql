SELECT COUNT(*) AS number FROM samples;
