SELECT COUNT(*) AS number FROM login_failures;
