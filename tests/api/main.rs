//! What the API promises, as stories told through the real router on a real database.

mod register;
