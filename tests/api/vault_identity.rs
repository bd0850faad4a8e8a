//! Asking the vault by the handler's own identity: when its token is replaced.

use handler::config::VaultSettings;
use secrecy::ExposeSecret as _;
use tests::azure::{Mood, VAULT, tell};

const ACCESS: &str = "JWT-SECRET-KEY";

#[test]
fn a_token_that_is_over_is_replaced_for_the_next_reading() {
    tell(async |azure| {
        let mut vars = azure.vars();
        vars.insert("KEY_VAULT_URL".to_owned(), VAULT.to_owned());
        let settings = VaultSettings::from_vars(&vars).unwrap().unwrap();
        let source = azure.open(&settings, &vars).unwrap();
        let reading = async || Ok::<_, anyhow::Error>(source.read(&["JWT_SECRET_KEY"]).await?.remove("JWT_SECRET_KEY"));

        azure.tokens_end_at(0);
        azure.put(ACCESS, "the first one");
        assert_eq!(reading().await.unwrap().unwrap().expose_secret(), "the first one");
        let asked = azure.tokens_for("vault.azure.net");

        azure.renew_tokens();
        azure.tokens_last();
        azure.put(ACCESS, "the second one");
        assert_eq!(
            reading().await.unwrap().unwrap().expose_secret(),
            "the second one",
            "the vault takes the new one alone"
        );
        assert_eq!(azure.tokens_for("vault.azure.net"), asked + 1);
        azure.identity_is(Mood::Away);
        assert!(reading().await.is_ok(), "the new one is good for a while");
        assert_eq!(azure.tokens_for("vault.azure.net"), asked + 1);
    });
}
