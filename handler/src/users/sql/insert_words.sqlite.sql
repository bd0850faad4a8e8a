INSERT INTO user_words (word, user_id) SELECT w.value, @P1 FROM json_each(@P2) w;
