//! The host's own HTTP side: accepts connections, routes, and answers what is the host's to answer.

use crate::app::{App, Function, Trigger};
use crate::forward::{self, BODY_LIMIT};
use crate::id::new_id;
use crate::invocation::{Failure, Invoker};
use crate::log::Log;
use crate::supervisor::{State, stopped};
use crate::timer::Timer;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Answer = Response<Full<Bytes>>;

/// How long answers that are under way when the host stops may take.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What answering takes.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) timers: Vec<Arc<Timer>>,
    pub(crate) invoker: Invoker,
    pub(crate) log: Log,
}

impl Server {
    /// Accepts connections until the host stops.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let connections = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Most likely too many open files: some will be closed.
                    self.log.warning("host", format!("a connection can't be accepted: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            drop(stream.set_nodelay(true));
            let server = Arc::clone(&self);
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { Ok::<_, Infallible>(server.answer(request, peer).await) }
            });
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            let connection = connections.watch(connection);
            // A client that goes away in the middle is nobody's fault.
            tokio::spawn(async move { drop(connection.await) });
        }
        drop(listener);
        // The handler was asked to stop at the same time and drains for its own grace; this outlasts it.
        self.invoker.supervisor.settled(State::is_final).await;
        drop(tokio::time::timeout(LAST_ANSWERS, connections.shutdown()).await);
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        let path = forward::normal_path(request.uri());
        if path == "/" {
            return self.home(request.method());
        }
        if is_reserved(&path) {
            return self.admin(request.method(), &path);
        }
        let Some((function, trigger)) = self.app.route(request.method(), &path) else {
            return forward::empty(StatusCode::NOT_FOUND);
        };
        if !trigger.anonymous {
            self.log.warning("host", format!("{} asks for a key (its authLevel is not anonymous): 401", function.name));
            return forward::empty(StatusCode::UNAUTHORIZED);
        }
        let name = function.name.clone();
        let (mut parts, body) = request.into_parts();
        let body = match forward::body_length(&parts.headers) {
            Some(length) if length > BODY_LIMIT => return forward::empty(StatusCode::PAYLOAD_TOO_LARGE),
            Some(_) => match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => return forward::empty(StatusCode::BAD_REQUEST),
            },
            None => Bytes::new(),
        };
        forward::add_front_end_headers(&mut parts.headers, peer);
        let server = Arc::clone(&self);
        // A task of its own: an invocation goes on when its client has gone, and its timeout still counts.
        let forwarded = tokio::spawn(async move { server.forward(&name, &parts, &path, body).await });
        forwarded.await.unwrap_or_else(|_| forward::empty(StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn forward(&self, function: &str, client: &http::request::Parts, path: &str, body: Bytes) -> Answer {
        let began = Instant::now();
        let id = new_id();
        let answer = self.invoker.invoke(async |handler| {
            let request = forward::to_handler(client, path, body, handler.port, id);
            self.invoker.exchange(request.map_err(|error| Failure::Broken(error.to_string()))?).await
        });
        match answer.await {
            Ok(response) => {
                let (status, took) = (response.status().as_u16(), began.elapsed().as_millis());
                self.log.info(function, format!("{} {path} {status} in {took} ms", client.method));
                forward::to_client(response, &client.method)
            }
            Err(failure) => {
                self.log.error(function, format!("{} {path} 500: {failure}", client.method));
                forward::empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// The host's home page: what is loaded.
    fn home(&self, method: &Method) -> Answer {
        if method != Method::GET && method != Method::HEAD {
            return forward::empty(StatusCode::NOT_FOUND);
        }
        let heading =
            "The local Functions host is running. Its functions, in the order of their routes:\n\n".to_owned();
        text(StatusCode::OK, heading + &self.app.functions.iter().map(describe).collect::<String>())
    }

    /// `POST /admin/functions/<name>` fires a timer; nothing else under `/admin` and `/runtime` is there.
    fn admin(&self, method: &Method, path: &str) -> Answer {
        let Some(name) = strip_prefix_ignoring_case(path.trim_end_matches('/'), "/admin/functions/") else {
            return forward::empty(StatusCode::NOT_FOUND);
        };
        if method != Method::POST {
            return forward::empty(StatusCode::NOT_FOUND);
        }
        if let Some(timer) = self.timers.iter().find(|timer| timer.function().eq_ignore_ascii_case(name)) {
            let timer = Arc::clone(timer);
            self.log.info(timer.function(), "fired by hand");
            tokio::spawn(async move { timer.fire(false).await });
            return forward::empty(StatusCode::ACCEPTED);
        }
        if self.app.functions.iter().any(|function| function.name.eq_ignore_ascii_case(name)) {
            return text(StatusCode::BAD_REQUEST, format!("{name} is no timer: send a request to its route instead\n"));
        }
        forward::empty(StatusCode::NOT_FOUND)
    }
}

/// One line about a function.
fn describe(function: &Function) -> String {
    match &function.trigger {
        Trigger::Http(http) => {
            let methods = http.methods.as_ref().map_or_else(
                || "any method".to_owned(),
                |methods| methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "),
            );
            format!("{}: {methods} {}\n", function.name, http.route)
        }
        Trigger::Timer(timer) => format!("{}: timer {}\n", function.name, timer.schedule_text),
    }
}

fn is_reserved(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    first.eq_ignore_ascii_case("admin") || first.eq_ignore_ascii_case("runtime")
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
