//! How the application stands at this moment: for `GET /metrics`, and once a minute for telemetry.
//!
//! No function of the host leads to `/metrics`, so on Azure nobody can ask for it; it is for one's own machine and for those
//! who host this themselves. Figures name no person.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::sleep;

use crate::error::Result;
use crate::scan;
use crate::state::AppState;
use crate::telemetry::Telemetry;
use crate::telemetry::items::Measure;
use crate::telemetry::metrics::{Metrics, ScanStanding, Standing};

/// Where the figures are.
pub const PATH: &str = "/metrics";
/// From one report to the next.
const EVERY: Duration = Duration::from_mins(1);
/// Prometheus's text form: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The route of the figures, if there are any to be shown.
pub fn routes(metrics: Option<Arc<Metrics>>) -> Router<AppState> {
    match metrics {
        Some(metrics) => {
            Router::new().route(PATH, get(async move |State(app): State<AppState>| show(&metrics, &app).await))
        }
        None => Router::new(),
    }
}

async fn show(metrics: &Metrics, app: &AppState) -> Result<Response> {
    metrics.note(&standing(app).await);
    Ok(([(CONTENT_TYPE, TEXT)], metrics.render()?).into_response())
}

/// How everything stands. The database is asked for the match scan's work; if it does not answer, that is left out.
async fn standing(app: &AppState) -> Standing {
    let pool = app.db.pool_use();
    let counted = scan::store::backlog(&app.db).await;
    let scan = counted.ok().map(|backlog| {
        let waits = backlog.oldest.map_or(0.0, |since| (app.clock.now() - since).as_seconds_f64().max(0.0));
        ScanStanding { waiting: backlog.waiting, set_aside: backlog.set_aside, lag_seconds: waits }
    });
    Standing { pool: (pool.size, pool.in_use), hashes: app.hasher.in_use(), scan }
}

/// Reports once a minute, for ever; but not of a minute in which nobody wanted anything. A database that pauses when it is
/// not used is not to be kept awake by the question how it is.
pub async fn report(app: AppState, telemetry: Telemetry) {
    let (mut before, mut served) = (BTreeMap::new(), 0);
    loop {
        sleep(EVERY).await;
        if std::mem::replace(&mut served, telemetry.metrics().served()) == telemetry.metrics().served() {
            continue;
        }
        report_once(&app, &telemetry, &mut before).await;
    }
}

/// Reports how things stand, and how many logins failed since `before`, which it brings up to date.
pub async fn report_once(app: &AppState, telemetry: &Telemetry, before: &mut BTreeMap<&'static str, u64>) {
    let standing = standing(app).await;
    telemetry.metrics().note(&standing);
    let mut measures = of_standing(&standing);
    for (reason, total) in telemetry.metrics().login_failures() {
        let since = total - before.insert(reason, total).unwrap_or_default();
        if since > 0 {
            let of = Some(("reason", reason.to_owned()));
            measures.push(Measure { name: "login_failures", value: exact(since), of });
        }
    }
    telemetry.measure(&measures);
}

fn of_standing(standing: &Standing) -> Vec<Measure> {
    let number = |number: usize| exact(u64::try_from(number).unwrap_or(u64::MAX));
    let mut all = vec![
        ("db_pool_size", number(standing.pool.0)),
        ("db_pool_in_use", number(standing.pool.1)),
        ("password_hashes_running", number(standing.hashes.0)),
        ("password_hashes_waiting", number(standing.hashes.1)),
    ];
    if let Some(scan) = standing.scan {
        let count = |count: i64| exact(u64::try_from(count).unwrap_or_default());
        all.push(("match_scan_waiting", count(scan.waiting)));
        all.push(("match_scan_set_aside", count(scan.set_aside)));
        all.push(("match_scan_lag_seconds", scan.lag_seconds));
    }
    all.into_iter().map(|(name, value)| Measure { name, value, of: None }).collect()
}

/// As a figure: exact as far as anything here is ever counted.
fn exact(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
