UPDATE connections SET updated_at = updated_at WHERE user_low_id = @P1 AND user_high_id = @P2 RETURNING id;
