//! The one story that all examples tell, in the order in which they are run: the sections of the reference with their curl
//! commands, and the requests of the Postman collection. Two people register, connect, travel, meet and leave.
//!
//! `{{NAME}}` in a text is a variable, `{{#NAME}}` one that stands for a number.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::document::{Document, Operation};

/// Some operations under one heading.
pub(super) struct Chapter {
    pub(super) title: &'static str,
    /// What it is about, in a sentence or two.
    pub(super) about: &'static str,
    pub(super) sections: Vec<Section>,
}

/// An operation, and the requests that show it.
pub(super) struct Section {
    /// Requests that have to be sent before, each with what it does.
    pub(super) before: Vec<(&'static str, Step)>,
    /// The request that shows the operation.
    pub(super) main: Step,
    /// Requests for the sections that follow.
    pub(super) after: Vec<(&'static str, Step)>,
}

/// A request.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) operation: &'static str,
    /// The variable that holds the token to send, if the operation needs one.
    pub(super) token: &'static str,
    /// The status that it is answered with.
    pub(super) status: u16,
    /// The variables of the path's parameters, in their order.
    pub(super) path: Vec<&'static str>,
    pub(super) query: Vec<(&'static str, &'static str)>,
    /// The fields of the body that differ from the document's example, or the whole body.
    pub(super) body: Body,
    /// What to keep of the answer: a variable, and where it stands (`.data[0].id`).
    pub(super) keep: Vec<(&'static str, &'static str)>,
    /// Sent again and again until the answer's `.pagination.total` is no longer zero.
    pub(super) until_found: bool,
}

/// The body of a request.
#[derive(Clone)]
pub(super) enum Body {
    /// The document's example, with these fields in place of its own.
    Example(Value),
    /// This one.
    Whole(Value),
}

/// A request in the words of the document: what it is of, with everything filled in but the variables.
pub(super) struct Request<'a> {
    pub(super) step: &'a Step,
    pub(super) operation: &'a Operation,
    /// The parameters of the path by name, each with its variable.
    pub(super) path: Vec<(String, &'a str)>,
    pub(super) body: Option<Value>,
}

impl Step {
    /// The request that this step is by the document.
    pub(super) fn request<'a>(&'a self, document: &Document, operations: &'a [Operation]) -> Result<Request<'a>> {
        let operation = operations.iter().find(|operation| operation.id == self.operation);
        let operation = operation.with_context(|| format!("the document has no operation {}", self.operation))?;
        let parameters = operation.parameters(document).into_iter().filter(|parameter| parameter.place == "path");
        let path: Vec<_> = parameters.map(|parameter| parameter.name).zip(self.path.iter().copied()).collect();
        let body = operation.body(document).map(|(_, example)| match &self.body {
            Body::Whole(whole) => whole.clone(),
            Body::Example(fields) => {
                let mut example = example;
                for (name, value) in fields.as_object().into_iter().flatten() {
                    example[name] = value.clone();
                }
                example
            }
        });
        Ok(Request { step: self, operation, path, body })
    }
}

/// The person whom the examples are about, and the other one.
const JOHN: &str = "TOKEN";
const JANE: &str = "JANE_TOKEN";
const PASSWORD: &str = "SecurePass123!";
const JOHNS_EMAIL: &str = "john.doe.{{RUN}}@example.com";
const JANES_EMAIL: &str = "jane.smith.{{RUN}}@example.com";

/// A request that is answered with 200.
fn step(operation: &'static str) -> Step {
    Step {
        operation,
        token: JOHN,
        status: 200,
        path: Vec::new(),
        query: Vec::new(),
        body: Body::Example(json!({})),
        keep: Vec::new(),
        until_found: false,
    }
}

impl Step {
    fn answers(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn of(self, variable: &'static str) -> Self {
        Self { path: vec![variable], ..self }
    }

    fn asks(self, query: &[(&'static str, &'static str)]) -> Self {
        Self { query: query.to_vec(), ..self }
    }

    fn with(self, fields: Value) -> Self {
        Self { body: Body::Example(fields), ..self }
    }

    fn sends(self, body: Value) -> Self {
        Self { body: Body::Whole(body), ..self }
    }

    fn keeps(self, keep: &[(&'static str, &'static str)]) -> Self {
        Self { keep: keep.to_vec(), ..self }
    }

    fn by(self, token: &'static str) -> Self {
        Self { token, ..self }
    }
}

/// A section with this request and no other.
fn section(main: Step) -> Section {
    Section { before: Vec::new(), main, after: Vec::new() }
}

impl Section {
    /// All of its requests in their order.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        let before = self.before.iter().map(|(_, step)| step);
        before.chain([&self.main]).chain(self.after.iter().map(|(_, step)| step))
    }

    fn after(mut self, title: &'static str, step: Step) -> Self {
        self.after.push((title, step));
        self
    }

    fn before(mut self, title: &'static str, step: Step) -> Self {
        self.before.push((title, step));
        self
    }
}

/// The whole story. The last chapter, on the service's health, is of no use to what comes before it.
pub(super) fn chapters() -> Vec<Chapter> {
    vec![accounts(), profiles(), connections(), travels(), matches(), notifications(), sessions(), health()]
}

fn health() -> Chapter {
    Chapter {
        title: "Health",
        about: "For monitors and load balancers; an app does not need them.",
        sections: ["health", "live", "ready", "healthDetailed"].map(|operation| section(step(operation))).into(),
    }
}

fn accounts() -> Chapter {
    let register = step("authRegister").answers(201);
    let jane = json!({
        "email": JANES_EMAIL, "password": PASSWORD, "display_name": "Jane Smith",
        "home_city": "Berlin", "home_country": "Germany",
    });
    let tokens = [("TOKEN", ".access_token"), ("REFRESH_TOKEN", ".refresh_token")];
    Chapter {
        title: "Accounts",
        about: "An account is an email address and a password; a login opens a session on one device.",
        sections: vec![
            section(
                register
                    .clone()
                    .with(json!({ "email": JOHNS_EMAIL, "password": PASSWORD }))
                    .keeps(&[("USER_ID", ".id")]),
            )
            .after("Register somebody to meet", register.sends(jane).keeps(&[("JANE_ID", ".id")])),
            section(step("authLogin").with(json!({ "email": JOHNS_EMAIL, "password": PASSWORD })).keeps(&tokens))
                .after(
                    "Log the other one in",
                    step("authLogin")
                        .sends(json!({ "email": JANES_EMAIL, "password": PASSWORD }))
                        .keeps(&[("JANE_TOKEN", ".access_token")]),
                ),
        ],
    }
}

fn profiles() -> Chapter {
    Chapter {
        title: "Profiles",
        about: "One's own profile, and finding people. An email address is shown to its owner alone.",
        sections: vec![
            section(step("usersGetMe")),
            section(step("usersUpdateMe")),
            section(step("usersSearch").asks(&[("q", "jane smith")])),
            section(step("usersGetById").of("JANE_ID")),
        ],
    }
}

fn connections() -> Chapter {
    let asks = |whom| {
        let asks = step("connectionsRequest").answers(201).keeps(&[("CONNECTION_ID", ".id")]);
        asks.sends(json!({ "receiver_user_id": whom }))
    };
    Chapter {
        title: "Connections",
        about: "Two people are connected when both have said so. Only then does either see the other's plans.",
        sections: vec![
            section(asks("{{#JANE_ID}}")),
            section(step("connectionsListSent")),
            section(step("connectionsListReceived").by(JANE)),
            section(step("connectionsRemove").of("CONNECTION_ID").answers(204)),
            section(step("connectionsReject").by(JANE).of("CONNECTION_ID")).before("Ask again", asks("{{#JANE_ID}}")),
            section(step("connectionsAccept").of("CONNECTION_ID"))
                .before("Let the other one ask", asks("{{#USER_ID}}").by(JANE)),
            section(step("connectionsList")),
        ],
    }
}

fn travels() -> Chapter {
    let plans = |city, country, from, to| {
        step("travelsCreate")
            .answers(201)
            .sends(json!({ "city": city, "country": country, "start_date": from, "end_date": to }))
    };
    Chapter {
        title: "Travel plans",
        about: "A plan is a city and the days from the first to the last, both counted.",
        sections: vec![
            section(
                step("travelsCreate")
                    .answers(201)
                    .with(json!({ "start_date": "{{YEAR}}-03-15", "end_date": "{{YEAR}}-03-20" }))
                    .keeps(&[("PLAN_ID", ".id")]),
            )
            .after(
                "Let the other one go there too",
                plans("New York", "USA", "{{YEAR}}-03-18", "{{YEAR}}-03-25").by(JANE),
            ),
            section(step("travelsList").asks(&[("when", "upcoming")])),
            section(step("travelsGet").of("PLAN_ID")),
            section(
                step("travelsUpdate")
                    .of("PLAN_ID")
                    .sends(json!({ "end_date": "{{YEAR}}-03-22", "description": "Conference, then the galleries" })),
            ),
            section(step("usersListTravels").of("JANE_ID").asks(&[("when", "upcoming")])),
            section(step("connectionsListTravels").asks(&[("when", "upcoming"), ("city", "New York")])),
            section(step("travelsDelete").of("OTHER_PLAN_ID").answers(204)).before(
                "Write down a plan that comes to nothing",
                plans("Oslo", "Norway", "{{YEAR}}-06-01", "{{YEAR}}-06-04").keeps(&[("OTHER_PLAN_ID", ".id")]),
            ),
        ],
    }
}

fn matches() -> Chapter {
    let where_and_when =
        [("city", "New York"), ("country", "USA"), ("start_date", "{{YEAR}}-03-15"), ("end_date", "{{YEAR}}-03-20")];
    Chapter {
        title: "Matches",
        about: "Which connections will be where one is: `traveling` there too, or at home there (`home_city`).",
        sections: vec![
            section(step("travelsListMatches").of("PLAN_ID")),
            section(step("matchesFind").asks(&where_and_when)),
        ],
    }
}

fn notifications() -> Chapter {
    let found = Step { until_found: true, ..step("notificationsList").asks(&[("type", "travel_match")]) };
    Chapter {
        title: "Notifications",
        about: "What happened while one was away. A match is told by a job that runs every few minutes, once for each meeting.",
        sections: vec![
            section(step("notificationsUnreadCount")),
            section(
                step("notificationsList").asks(&[("is_read", "false")]).keeps(&[("NOTIFICATION_ID", ".data[0].id")]),
            )
            .before("Wait until the match was told", found),
            section(step("notificationsMarkRead").of("NOTIFICATION_ID")),
            section(step("notificationsMarkAllRead")),
        ],
    }
}

fn sessions() -> Chapter {
    let tokens = [("TOKEN", ".access_token"), ("REFRESH_TOKEN", ".refresh_token")];
    let refresh = json!({ "refresh_token": "{{REFRESH_TOKEN}}" });
    let passwords = json!({ "current_password": PASSWORD, "new_password": "EvenBetter456?" });
    Chapter {
        title: "Sessions",
        about: "A session is one login on one device. It lasts as long as it is refreshed, 30 days at most.",
        sections: vec![
            section(step("authRefresh").sends(refresh).keeps(&tokens)),
            section(step("authListSessions").keeps(&[("SESSION_ID", ".data[0].id")])),
            section(step("authEndSession").of("SESSION_ID").answers(204)).before(
                "Log in on another device, to end the session of the first one from there",
                step("authLogin").sends(json!({ "email": JOHNS_EMAIL, "password": PASSWORD })).keeps(&tokens),
            ),
            section(step("usersChangePassword").sends(passwords).answers(204)),
            section(step("authEndOtherSessions").answers(204)),
            section(step("authLogout").answers(204)),
        ],
    }
}
