//! What goes wrong with SQL Server, as the rest of the code wants to know it.

use crate::db::error::DbError;

/// Errors of the server that pass by themselves: the list of Azure SQL's transient faults, deadlock and lock timeout.
const TRANSIENT: &[u32] =
    &[4060, 40197, 40501, 40613, 49918, 49919, 49920, 10928, 10929, 10053, 10054, 10060, 1205, 1222, 233, 997, 4221];
/// Those of them that tell of a session's end and not of the statement's: it may have taken effect.
const OUTCOME_UNKNOWN: &[u32] = &[40197, 40613, 10053, 10054, 10060, 233, 997];
/// Violation of a UNIQUE constraint, and of a unique index.
const UNIQUE: &[u32] = &[2627, 2601];
/// Errors whose text names nothing but objects of the schema. Others may quote what a user wrote (2628 shows the text that
/// was too long), and no such thing belongs into a log.
const TEXT_WITHOUT_VALUES: &[u32] =
    &[102, 137, 156, 207, 208, 229, 262, 515, 547, 911, 916, 2714, 2812, 3902, 3903, 3930, 4060, 18456];

pub(super) fn refused(error: &tiberius::error::Error) -> DbError {
    // A wrong password or database name does not mend itself, yet for a request it is the same: no database.
    DbError::unavailable(format!("the server refused the connection: {error}"))
}

/// The part of a message about a duplicate key that names the constraint, without the key's value, which comes after it.
fn names_of_key(message: &str) -> String {
    message.split("The duplicate key value").next().unwrap_or_default().trim_end().to_owned()
}

pub(super) fn translate(error: tiberius::error::Error) -> DbError {
    use tiberius::error::Error as Tds;
    match &error {
        Tds::Server(token) if UNIQUE.contains(&token.code()) => DbError::Unique(names_of_key(token.message())),
        Tds::Server(token) if TRANSIENT.contains(&token.code()) => DbError::Unavailable {
            message: format!("error {} of the server", token.code()),
            outcome_unknown: OUTCOME_UNKNOWN.contains(&token.code()),
        },
        Tds::Server(token) => {
            let text = if TEXT_WITHOUT_VALUES.contains(&token.code()) { token.message() } else { "(text withheld)" };
            DbError::Other(anyhow::anyhow!("error {} of the server in line {}: {text}", token.code(), token.line()))
        }
        Tds::Io { .. } | Tds::Tls(_) => DbError::Unavailable { message: error.to_string(), outcome_unknown: true },
        _ => DbError::Other(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_11_a_duplicate_key_is_told_by_its_name_and_not_its_value() {
        let told = names_of_key(
            "Violation of UNIQUE KEY constraint 'uq_users_email_key'. Cannot insert duplicate key in object 'dbo.users'. \
             The duplicate key value is (ana@example.com).",
        );
        assert!(told.contains("uq_users_email_key") && !told.contains("ana@"), "{told}");
    }
}
