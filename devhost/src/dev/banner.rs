//! What `cargo dev` prints when everything runs.

use std::fmt;
use std::net::SocketAddr;

/// The facts of the banner; its `Display` is the text.
pub struct Banner {
    /// Where the host listens.
    pub address: SocketAddr,
    /// Whether `/docs` answers.
    pub has_docs: bool,
    /// The database, without a password.
    pub database: String,
    /// How many functions are called over HTTP.
    pub http_functions: usize,
    /// Each timer as name and schedule.
    pub timers: Vec<(String, String)>,
    /// Makes the example's email address new, so that its registration works at every start.
    pub visitor: u32,
}

/// Satisfies the password policy, and holds nothing that the shell reads in single quotes.
const PASSWORD: &str = "Harbour-Lights-42";

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = format!("http://{}", self.address);
        let api = format!("{base}/api/v1");
        writeln!(f, "\nTravelMeetup is running (Ctrl-C stops it).\n")?;
        writeln!(f, "  API        {api}")?;
        if self.has_docs {
            writeln!(f, "  Docs       {base}/docs")?;
        }
        writeln!(f, "  Database   {}", self.database)?;
        writeln!(f, "  Functions  {} over HTTP, listed at {base}/", self.http_functions)?;
        for (name, schedule) in &self.timers {
            writeln!(f, "  Timer      {name}, {schedule} (now: curl -X POST {base}/admin/functions/{name})")?;
        }
        let email = format!("visitor-{:08x}@example.com", self.visitor);
        let json = "-H 'Content-Type: application/json'";
        writeln!(f, "\nTo try it, paste these:\n")?;
        writeln!(
            f,
            r#"curl -sS {api}/auth/register {json} -d '{{"email":"{email}","password":"{PASSWORD}","display_name":"Vera Guest"}}'"#
        )?;
        writeln!(
            f,
            r#"TOKEN=$(curl -sS {api}/auth/login {json} -d '{{"email":"{email}","password":"{PASSWORD}"}}' | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')"#
        )?;
        writeln!(f, r#"curl -sS {api}/users/me -H "Authorization: Bearer $TOKEN""#)
    }
}
