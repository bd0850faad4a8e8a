//! The two places where a request meets its limit: one that refuses, around the routes, and one that tells, around everything.

use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::middleware::Next;
use axum::response::Response;

use super::limiter::Limiter;
use super::rules::{Caller, Kind, Standing};
use crate::audit::{self, Event};
use crate::error::{Error, Result};
use crate::http::request_context::RequestContext;

/// The paths whose answers tell where the client stands.
const API: &str = "/api/v1";

/// What [`tell`] and [`admit`] know of a request between them.
#[derive(Clone)]
pub struct Seen {
    caller: Caller,
    standing: Arc<OnceLock<Standing>>,
}

/// The outermost layer: every answer under `/api/v1` gets the headers of the limit that its request was counted under,
/// whatever became of it; one that was not counted, such as a 404, those of the general limit.
pub async fn tell(State(limiter): State<Arc<Limiter>>, mut request: Request, next: Next) -> Response {
    let rest = request.uri().path().strip_prefix(API);
    if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return next.run(request).await;
    }
    let seen = Seen { caller: limiter.caller(request.headers()), standing: Arc::default() };
    request.extensions_mut().insert(seen.clone());
    if let Some(signed) = seen.caller.signed {
        request.extensions_mut().insert(signed);
    }
    let mut response = next.run(request).await;
    if let Some(standing) = seen.standing.get().copied().or_else(|| limiter.look(seen.caller)) {
        standing.write_to(response.headers_mut());
    }
    response
}

/// In front of the routes: refuses who has come too often, before anybody looks closer. What it learned of the caller's session
/// goes along with the request.
pub async fn admit(
    limiter: &Limiter,
    (seen, context): (&Seen, &RequestContext),
    route: &str,
    extensions: &mut Extensions,
) -> Result<()> {
    let kind = Kind::of(route);
    if let Some((verdict, looked)) = limiter.judge(kind, seen.caller).await? {
        if let Some(looked) = looked {
            extensions.insert(looked);
        }
        seen.standing.get_or_init(|| verdict.standing);
        if !verdict.admitted {
            audit::record(context, Event::RateLimited { user_id: seen.caller.user_id(), limit: kind.name() });
            let retry_after = limiter.wait(&verdict.standing);
            return Err(Error::RateLimited { message: kind.refusal(), retry_after });
        }
    }
    Ok(())
}
