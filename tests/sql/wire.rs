//! What goes over the wire to SQL Server, which keeps a plan by the text of a statement and the declarations of its
//! parameters: both have to be the same whatever the values are, or each would be compiled anew.

use handler::db::{Param, Query};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use tests::little_server::LittleServer;

use crate::common::{NOW, on_a_runtime};

const INSERT_SAMPLE: Query = query!("insert_sample");
/// How its parameters are declared, up to 4,000 bytes of text.
const DECLARED: &str = "@P1 uniqueidentifier,@P2 int,@P3 bigint,@P4 bit,@P5 nvarchar(4000),@P6 nvarchar(4000),\
    @P7 varbinary(8000),@P8 varbinary(8000),@P9 datetime2,@P10 date";
const LOGIN: &str = "user id=story;password=none";

/// A sample with these texts and bytes.
fn sample(line: Option<&str>, prose: Option<&str>, bytes: usize) -> Vec<Param> {
    let day = NOW.date();
    params![OsRandomness.uuid(), 1, 1_i64, true, line, prose, vec![7; bytes], vec![7; bytes], NOW, day]
}

fn heard(samples: impl IntoIterator<Item = Vec<Param>>, story: impl FnOnce(&LittleServer)) {
    on_a_runtime(async {
        let server = LittleServer::start().await;
        let db = handler::db::Database::open(&server.url(LOGIN), 1).unwrap();
        for sample in samples {
            db.execute(INSERT_SAMPLE, sample).await.unwrap();
        }
        story(&server);
    });
}

#[test]
fn one_plan_serves_a_statement_whatever_its_values_are() {
    let long = "é".repeat(2_000);
    let texts = [None, Some(""), Some("a"), Some("Zürich"), Some(long.as_str())];
    let samples = texts.iter().flat_map(|line| texts.map(|prose| sample(*line, prose, prose.unwrap_or("").len())));
    heard(samples, |server| {
        assert_eq!(server.heard_in_sp_executesql("INSERT INTO samples"), 25);
        assert_eq!(server.heard_in_sp_executesql(DECLARED), 25);
    });
}

#[test]
fn a_text_over_4000_bytes_costs_one_more_plan_and_no_more() {
    let samples = [4_001, 5_000, 90_000].map(|length| sample(None, Some(&"x".repeat(length)), 0));
    let declared = DECLARED.replace("@P6 nvarchar(4000)", "@P6 nvarchar(max)");
    heard(samples, |server| assert_eq!(server.heard_in_sp_executesql(&declared), 3));
}

#[test]
fn what_a_statement_is_for_stays_here() {
    heard([sample(None, None, 0)], |server| {
        assert!(INSERT_SAMPLE.sqlserver.starts_with("-- @P1 uniqueidentifier, @P2 int"));
        assert_eq!((server.heard("INSERT INTO samples"), server.heard("-- @P1")), (1, 0));
    });
}
