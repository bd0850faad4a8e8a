SELECT * FROM sessions;
