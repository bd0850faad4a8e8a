//! How the application stands at this moment: for `GET /metrics`, and once a minute for telemetry.
//!
//! No function of the host leads to `/metrics`, so on Azure nobody can ask for it; it is for one's own machine and for those
//! who host this themselves. Figures name no person.

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
    let mut served = 0;
    loop {
        sleep(EVERY).await;
        if std::mem::replace(&mut served, telemetry.metrics().served()) != telemetry.metrics().served() {
            report_once(&app, &telemetry).await;
        }
    }
}

/// Reports how things stand.
pub async fn report_once(app: &AppState, telemetry: &Telemetry) {
    telemetry.report(&standing(app).await).await;
}
