SELECT user_id, word, name_key FROM user_words;
