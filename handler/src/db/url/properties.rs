//! What holds of every connection string: what was checked is what the driver does.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A pair of a connection string, with the spellings that people try.
fn pair() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("Encrypt"),
        Just("encrypt "),
        Just("{Encrypt}"),
        Just("\"Encrypt\""),
        Just("TrustServerCertificate"),
        Just(" TRUSTSERVERCERTIFICATE"),
        Just("Trust{Server}Certificate"),
        Just("Trust Server Certificate"),
        Just("TrustServerCertificateCA"),
        Just("Database"),
        Just("Server"),
        Just("Data Source"),
        Just("Addr"),
        Just("Password"),
        Just("Application Name"),
        Just("x"),
    ];
    let value = prop_oneof![
        Just("true"),
        Just("True"),
        Just(" yes "),
        Just("\"true\""),
        Just("{true}"),
        Just("'yes'"),
        Just("tr{ue}"),
        Just("false"),
        Just("no"),
        Just("{no}"),
        Just("strict"),
        Just("optional"),
        Just("DANGER_PLAINTEXT"),
        Just("'DANGER_PLAINTEXT'"),
        Just("tcp:db.example,1433"),
        Just("\"a;Encrypt=true\""),
        Just("{;TrustServerCertificate=false;}"),
        Just(""),
        Just("7"),
    ];
    (key, value).prop_map(|(key, value)| format!("{key}={value}"))
}

/// What the driver will do, as its configuration tells it to a developer.
fn of_driver(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::SqlServer(server) => format!("{:?}", server.config),
        DatabaseUrl::Sqlite(_) => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn security_30_production_is_encrypted_and_knows_its_server_however_that_is_written(
        pairs in vec(pair(), 0..6), at in 0_usize..6,
    ) {
        let mut pairs = pairs;
        pairs.insert(at.min(pairs.len()), "Server=tcp:db.example".to_owned());
        if let Ok(url) = DatabaseUrl::parse(&pairs.join(";"), true) {
            let told = of_driver(&url);
            prop_assert!(told.contains("encryption: Required"), "{}", told);
            prop_assert!(!told.contains("TrustAll"), "{}", told);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in "([sS]erver=|[eE]ncrypt=|true|no|;|=|\"|'|\\{|\\}|tcp:|\\\\|,|[a-z0-9 ]|\\PC){0,16}",
        production: bool,
    ) {
        if let Ok(url) = DatabaseUrl::parse(&text, production) {
            prop_assert!(!url.describe().is_empty());
        }
        let _ = DatabaseUrl::parse(&format!("server=a;{text}"), production);
        let _ = DatabaseUrl::parse(&format!("sqlite:{text}"), production);
    }

    #[test]
    fn a_server_is_the_one_that_is_written(
        host in "[a-z][a-z0-9-]{0,12}(\\.[a-z]{1,6}){0,3}",
        port: u16,
        key in "(Server|server|Data Source|data source|Addr|Address|Network Address) ?",
        tcp in "(tcp:)?",
        password in "[A-Za-z0-9!#$%&*+./:<>?@^_|~-]{8,20}",
    ) {
        let text = format!("{key}={tcp}{host},{port};User ID=app;Password={password};Database=t");
        match DatabaseUrl::parse(&text, true) {
            Ok(url) => {
                prop_assert_eq!(url.describe(), format!("SQL Server at {host}:{port}"));
                let shown = format!("{url:?}");
                prop_assert!(!shown.contains(&password), "{}", shown);
            }
            Err(fault) => {
                prop_assert!(key.to_lowercase().contains("addr"), "{}", text);
                prop_assert!(!fault.to_string().contains(&password), "{}", fault);
            }
        }
    }

    #[test]
    fn a_file_is_the_one_that_is_written(path in "[A-Za-z0-9_.][A-Za-z0-9_./ -]{0,20}[a-z]", slashes in "(//)?") {
        let text = format!("sqlite:{slashes}{path}");
        prop_assert_eq!(DatabaseUrl::parse(&text, false).unwrap().describe(), format!("SQLite {path}"));
        prop_assert!(DatabaseUrl::parse(&text, true).is_err());
    }
}
