//! A handler that does as it is told: by its environment when it starts and stops, by the path when it is called.
//!
//! With arguments it plays `cargo build` and the handler's own commands, so that `dev` can be tested without a build.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::env::var;
use std::io::Write;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

type Answer = Response<BoxBody<Bytes, Infallible>>;

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("build") => play_cargo(),
        Some(command) => {
            say(&format!("stub {command} {}", var("DATABASE_URL").unwrap_or_default()));
            Ok(())
        }
        None => serve().await,
    }
}

/// Says where the handler is, as cargo does: it is this binary.
fn play_cargo() -> Result<()> {
    let executable = std::env::current_exe()?;
    let message = json!({"reason": "compiler-artifact", "target": {"name": "handler"}, "executable": executable});
    say(&message.to_string());
    Ok(())
}

async fn serve() -> Result<()> {
    say(&format!("starting {}", std::process::id()));
    if let Ok(line) = var("STUB_STDERR") {
        drop(writeln!(std::io::stderr(), "{line}"));
    }
    if let Ok(code) = var("STUB_EXIT") {
        std::process::exit(code.parse()?);
    }
    match var("STUB_SIGTERM").as_deref() {
        Ok("ignore") => on_sigterm(|| say("ignoring SIGTERM"))?,
        Ok("drain") => on_sigterm(|| {
            say("drained");
            std::process::exit(0);
        })?,
        _ => {}
    }
    pass_gate("STUB_START_GATE").await?;
    let port: u16 = var("FUNCTIONS_CUSTOMHANDLER_PORT").context("no port")?.parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

/// Is in force when it returns.
fn on_sigterm(action: impl Fn() + Send + 'static) -> Result<()> {
    let mut signals = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            action();
        }
    });
    Ok(())
}

/// Connects to the test, which lets it wait for a byte; no such gate lets pass at once.
async fn pass_gate(name: &str) -> Result<()> {
    if let Ok(address) = var(name) {
        TcpStream::connect(address).await?.read_u8().await?;
    }
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Result<Answer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let headers: Vec<Value> = parts
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let seen = json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
        "pid": std::process::id(),
    });
    let path = parts.uri.path();
    let result = || json_answer(StatusCode::OK, r#"{"Outputs":{},"Logs":["ticked"],"ReturnValue":null}"#);
    if parts.method == Method::POST && path.starts_with("/Timer") {
        say(&format!("timer {seen}"));
    }
    match path {
        // Whatever the status, it means that the handler is there.
        "/" => Ok(json_answer(StatusCode::SERVICE_UNAVAILABLE, "{}")),
        "/TimerFine" => Ok(result()),
        "/TimerEmpty" => Ok(json_answer(StatusCode::OK, "")),
        "/TimerFailing" => Ok(json_answer(StatusCode::INTERNAL_SERVER_ERROR, "{}")),
        "/TimerGated" => {
            pass_gate("STUB_TIMER_GATE").await?;
            Ok(result())
        }
        "/env" => Ok(json_answer(StatusCode::OK, json!(std::env::vars().collect::<Vec<_>>()).to_string())),
        "/gate" => {
            pass_gate("STUB_GATE").await?;
            Ok(json_answer(StatusCode::OK, "{}"))
        }
        "/hang" => {
            say("hanging");
            std::future::pending().await
        }
        "/redirect" => {
            let answer = json_answer(StatusCode::FOUND, "{}");
            Ok(with_header(with_header(answer, "location", "/elsewhere"), "set-cookie", "a=1"))
        }
        "/stream" => Ok(Response::new(BoxBody::new(OfUnknownLength(Full::from("streamed"))))),
        "/api/v1/auth/login" => Ok(json_answer(StatusCode::OK, r#"{"access_token": "token-1","refresh_token":"x"}"#)),
        _ => {
            if let Some(code) = path.strip_prefix("/exit/") {
                std::process::exit(code.parse()?);
            }
            Ok(json_answer(StatusCode::OK, seen.to_string()))
        }
    }
}

fn json_answer(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(BoxBody::new(Full::new(body.into())));
    *answer.status_mut() = status;
    with_header(answer, "content-type", "application/json; charset=utf-8")
}

fn with_header(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.headers_mut().append(name, http::HeaderValue::from_static(value));
    answer
}

fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A body that hyper has to send in chunks.
struct OfUnknownLength(Full<Bytes>);

impl Body for OfUnknownLength {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}
