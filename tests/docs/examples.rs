//! The two stories of the reference: what it tells to paste, and what it tells to send.

use std::collections::HashMap;

use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tests::OwnDatabase;

use crate::fit::misfits;
use crate::markdown::{Example, examples};
use crate::server::{BOUND, Server, repository};
use crate::shell;

fn reference() -> Vec<Example> {
    let path = repository().join("docs/API_REFERENCE.md");
    examples(&std::fs::read_to_string(path).unwrap())
}

#[tokio::test]
async fn every_command_of_the_reference_runs_and_every_answer_is_like_the_one_that_is_shown() {
    if !shell::has_its_tools().await {
        return;
    }
    let database = OwnDatabase::empty().await;
    let server = Server::start(&database).await;
    let reference = reference();
    let blocks: Vec<&str> = reference
        .iter()
        .filter_map(|example| match example {
            Example::Commands { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let sent = shell::run(&blocks, &server.address()).await;
    let mut sent = sent.iter().zip(&blocks);
    let mut faults = Vec::new();
    let (mut answers, mut last) = (0, None);
    let mut examples = reference.iter().filter(|example| !matches!(example, Example::Request { .. })).peekable();
    while let Some(example) = examples.next() {
        match example {
            Example::Commands { line, .. } => {
                let (calls, block) = sent.next().unwrap();
                assert_eq!(calls.is_empty(), !block.contains("curl"), "line {line}: nothing was sent");
                let shown = matches!(examples.peek(), Some(Example::Answer { .. }));
                let (end, before) =
                    calls.split_last().map_or((None, calls.as_slice()), |(end, rest)| (Some(end), rest));
                // Nothing fails but what is shown to.
                let must_succeed = before.iter().chain(end.filter(|_| !shown));
                let refused = must_succeed.filter(|call| !(200..300).contains(&call.status));
                faults.extend(refused.map(|call| format!("line {line}: {} {:?}", call.status, call.body)));
                last = end;
            }
            Example::Answer { line, status, body } => {
                let call = last.take().unwrap_or_else(|| panic!("line {line}: an answer to nothing"));
                answers += 1;
                if call.status != *status {
                    faults.push(format!("line {line}: {} and not {status}: {:?}", call.status, call.body));
                } else if call.body.is_some() != body.is_some() {
                    faults.push(format!("line {line}: {:?} comes", call.body));
                } else if let (Some(shown), Some(came)) = (body, &call.body) {
                    faults.extend(misfits(shown, came).into_iter().map(|fault| format!("line {line}: {fault}")));
                }
            }
            Example::Request { .. } => {}
        }
    }
    server.shutdown().await;
    assert!(faults.is_empty(), "API_REFERENCE.md\n{}", faults.join("\n"));
    assert!(answers > 35, "only {answers} answers were looked at");
}

#[tokio::test]
async fn every_request_that_the_reference_shows_is_accepted() {
    let database = OwnDatabase::empty().await;
    let server = Server::start(&database).await;
    let api = Api { address: server.address() };
    let other = json!({ "email": "jane@example.com", "password": "SecurePass123!", "display_name": "Jane" });
    let (_, other) = api.send("POST", "/api/v1/auth/register", &other, "").await;
    // What can't stand in a document for good.
    let mut known: HashMap<&str, Value> = [("receiver_user_id", other["id"].clone())].into();
    let (mut token, mut plan, mut sent) = (String::new(), Value::Null, 0);
    for example in reference() {
        let Example::Request { line, operation, mut body } = example else { continue };
        for (field, value) in body.as_object_mut().unwrap() {
            if let Some(real) = known.get(field.as_str()) {
                value.clone_from(real);
            }
        }
        let (method, path) = operation.split_once(' ').unwrap();
        let (status, answer) = api.send(method, &path.replace("{travel_id}", &plan.to_string()), &body, &token).await;
        assert!((200..300).contains(&status), "line {line}: {operation} {body} is a {status}: {answer}");
        sent += 1;
        if let Some(access) = answer["access_token"].as_str() {
            access.clone_into(&mut token);
            known.insert("refresh_token", answer["refresh_token"].clone());
        }
        if operation == "POST /api/v1/travels" {
            plan = answer["id"].clone();
        }
    }
    server.shutdown().await;
    assert_eq!(sent, with_bodies(), "every operation with a body shows one");
}

/// How many operations of the document take a body.
fn with_bodies() -> usize {
    let document = serde_json::to_value(handler::app::openapi()).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    items.flat_map(|item| item.as_object().unwrap().values()).filter(|one| one["requestBody"].is_object()).count()
}

/// The server, as a client meets it.
struct Api {
    address: String,
}

impl Api {
    async fn send(&self, method: &str, path: &str, body: &Value, token: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::<Bytes>::from(body.to_string()))
            .unwrap();
        let exchange = async {
            let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.into_body().collect().await.unwrap().to_bytes())
        };
        let (status, text) = tokio::time::timeout(BOUND, exchange).await.unwrap();
        (status, serde_json::from_slice(&text).unwrap_or_default())
    }
}
