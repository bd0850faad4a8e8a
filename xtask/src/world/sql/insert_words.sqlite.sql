INSERT INTO user_words (word, user_id, name_key)
SELECT w.value ->> 'word', u.id, u.name_key
FROM json_each(@P1) w
JOIN users u ON u.id = w.value ->> 'person';
