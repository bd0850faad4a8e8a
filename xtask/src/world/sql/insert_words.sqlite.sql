INSERT INTO user_words (word, user_id)
SELECT w.value ->> 'word', w.value ->> 'person' FROM json_each(@P1) w;
