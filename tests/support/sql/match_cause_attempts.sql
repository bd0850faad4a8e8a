SELECT attempts, last_error FROM match_causes ORDER BY id;
