//! Lives through a history with the application and the model side by side.

use std::collections::BTreeMap;

use axum::http::Method;
use handler::clock::Clock as _;
use handler::scan::run::ScanSettings;
use serde_json::{Value, json};
use tests::{Answer, Client, PASSWORD, Person, TestApp};
use time::{Date, Duration};

use super::model::{Model, NAMES, Outcome, PEOPLE, WRITTEN};
use super::ops::{Change, Op, Side, Whose};

/// What went wrong, if anything did.
type Told<T = ()> = Result<T, String>;

/// A history while it goes on.
pub(super) struct Story {
    app: TestApp,
    model: Model,
    people: Vec<Option<Person>>,
    /// What was done so far, a line each.
    lines: Vec<String>,
    /// How often each status was answered to a deed.
    tally: BTreeMap<String, usize>,
}

/// The latest but `back` of so many, again from the latest on if there are fewer.
const fn latest(back: usize, number: usize) -> Option<usize> {
    if number == 0 { None } else { Some(number - 1 - back % number) }
}

fn email(who: usize) -> String {
    format!("{}@example.org", NAMES[who])
}

impl Story {
    pub(super) async fn begin() -> Self {
        let app = TestApp::new().await;
        let model = Model::new(app.clock.now());
        Self { app, model, people: vec![None; PEOPLE], lines: Vec::new(), tally: BTreeMap::new() }
    }

    /// Lives through it; at the end everybody looks at everything. What went wrong comes with all that was done before; if
    /// nothing did, how often something was told or refused: the type of notification, or the status.
    pub(super) async fn live(mut self, history: &[Op]) -> Told<BTreeMap<String, usize>> {
        let lived = async {
            for op in history {
                self.lines.push(format!("{op:?}"));
                self.act(*op).await?;
            }
            self.lines.push("The end: everybody looks at everything".to_owned());
            for who in 0..PEOPLE {
                self.look(who).await?;
                self.look_at_each_plan(who).await?;
            }
            Ok(())
        };
        let lived: Told = lived.await;
        lived.map_err(|fault| format!("{fault}\n{}", self.lines.join("\n")))?;
        self.model.notes.iter().for_each(|note| *self.tally.entry(note.kind.to_owned()).or_default() += 1);
        Ok(self.tally)
    }

    /// So many days from today.
    fn day(&self, number: i64) -> Date {
        self.model.today() + Duration::days(number)
    }

    async fn act(&mut self, op: Op) -> Told {
        match op {
            Op::Register { who } => {
                self.register(who).await?;
            }
            Op::LogIn { who } => {
                self.joined(who).await?;
                self.log_in(who).await;
            }
            Op::Refresh { who } => self.refresh(who).await?,
            Op::LogOut { who } => {
                self.joined(who).await?;
                let answer = self.send(who, Method::POST, "/api/v1/auth/logout", None).await;
                let expected = self.model.log_out(who);
                check(&answer, &expected)?;
            }
            Op::Move { who, home } => {
                self.joined(who).await?;
                let (city, country) = home.map_or((None, None), |home| {
                    let (city, country, ..) = WRITTEN[home.written];
                    (Some(city), home.with_country.then_some(country))
                });
                let body = json!({ "home_city": city, "home_country": country });
                let answer = self.send(who, Method::PUT, "/api/v1/users/me", Some(body)).await;
                check(&answer, &self.model.live_home(who, home))?;
            }
            Op::Ask { who, whom } => {
                self.joined(whom).await?;
                self.joined(who).await?;
                let body = json!({ "receiver_user_id": self.model.human(whom).id });
                let answer = self.send(who, Method::POST, "/api/v1/connections/request", Some(body)).await;
                check(&answer, &self.model.ask(who, whom, id_in(&answer)))?;
            }
            Op::Accept { link, by } => self.about_link(link, by, Method::PUT, "/accept").await?,
            Op::Reject { link, by } => self.about_link(link, by, Method::PUT, "/reject").await?,
            Op::Remove { link, by } => self.about_link(link, by, Method::DELETE, "").await?,
            Op::Plan { who, written, first, length } => {
                self.joined(who).await?;
                let (city, country, ..) = WRITTEN[written];
                let days = (self.day(first), self.day(first + length));
                let body = json!({
                    "city": city, "country": country, "start_date": days.0.to_string(), "end_date": days.1.to_string(),
                });
                let answer = self.send(who, Method::POST, "/api/v1/travels", Some(body)).await;
                check(&answer, &self.model.plan(who, written, days, id_in(&answer)))?;
            }
            Op::Change { plan, by, change } => {
                let Some((plan, who, path)) = self.about_plan(plan, by).await? else { return Ok(()) };
                let answer = self.send(who, Method::PUT, &path, Some(self.body_of(change))).await;
                check(&answer, &self.model.change(plan, who, change))?;
            }
            Op::GiveUp { plan, by } => {
                let Some((plan, who, path)) = self.about_plan(plan, by).await? else { return Ok(()) };
                let answer = self.send(who, Method::DELETE, &path, None).await;
                check(&answer, &self.model.give_up(plan, who))?;
            }
            Op::Read { who, note, by } => self.read(who, note, by).await?,
            Op::ReadAll { who } => {
                self.joined(who).await?;
                let answer = self.send(who, Method::PUT, "/api/v1/notifications/read-all", None).await;
                let expected = json!({ "updated": self.model.read_all(who) });
                check(&answer, &(200, expected))?;
            }
            Op::Scan => {
                let scanner = self.app.scanner(ScanSettings::default());
                let summary = scanner.run(|_| ()).await.map_err(|error| error.to_string())?;
                if (summary.failed, summary.set_aside, summary.out_of_time) != (0, 0, false) {
                    return Err(format!("the scan was not done: {summary}"));
                }
                self.model.scan();
                for who in 0..PEOPLE {
                    self.notes(who).await?;
                }
            }
            Op::Wait { minutes } => {
                let by = Duration::minutes(minutes);
                self.app.clock.advance(by.unsigned_abs());
                self.model.now += by;
            }
            Op::Look { who } => self.look(who).await?,
        }
        Ok(())
    }

    // Accounts

    async fn register(&mut self, who: usize) -> Told {
        let body = json!({ "email": email(who), "password": PASSWORD, "display_name": NAMES[who] });
        let answer = self.app.anonymous().post("/api/v1/auth/register", &body).await;
        check(&answer, &self.model.register(who, id_in(&answer)))?;
        if answer.status == 201 {
            self.log_in(who).await;
        }
        Ok(())
    }

    async fn log_in(&mut self, who: usize) {
        self.people[who] = Some(self.app.anonymous().log_in(&email(who), PASSWORD).await);
        self.model.log_in(who);
    }

    /// Makes sure that somebody is registered and has a good access token. One that is no good is refused first.
    async fn joined(&mut self, who: usize) -> Told {
        if self.model.people[who].is_none() {
            return self.register(who).await;
        }
        if !self.model.is_in(who) {
            let answer = self.send(who, Method::GET, "/api/v1/users/me", None).await;
            check(&answer, &(401, Value::Null))?;
            self.log_in(who).await;
        }
        Ok(())
    }

    async fn refresh(&mut self, who: usize) -> Told {
        if self.model.people[who].is_none() {
            self.register(who).await?;
        }
        let person = self.people[who].clone().unwrap();
        let answer = person.refresh().await;
        check(&answer, &(self.model.refresh(who), Value::Null))?;
        if answer.status == 200 {
            self.people[who] = Some(person.refreshed_by(&answer));
        }
        Ok(())
    }

    // Connections and plans

    async fn about_link(&mut self, back: usize, by: Side, method: Method, deed: &str) -> Told {
        let Some(link) = latest(back, self.model.links.len()) else { return Ok(()) };
        let (id, requester, receiver) = {
            let link = &self.model.links[link];
            (link.id, link.requester, link.receiver)
        };
        let who = match by {
            Side::Requester => requester,
            Side::Receiver => receiver,
            Side::Stranger => (0..PEOPLE).find(|who| ![requester, receiver].contains(who)).unwrap(),
        };
        self.joined(who).await?;
        let answer = self.send(who, method, &format!("/api/v1/connections/{id}{deed}"), None).await;
        let expected = match deed {
            "" => self.model.remove(link, who),
            _ => self.model.answer(link, who, deed == "/accept"),
        };
        check(&answer, &expected)
    }

    /// Which plan it is about, who does it, and where the plan is.
    async fn about_plan(&mut self, back: usize, by: Whose) -> Told<Option<(usize, usize, String)>> {
        let Some(plan) = latest(back, self.model.plans.len()) else { return Ok(None) };
        let who = another(self.model.plans[plan].owner, by);
        self.joined(who).await?;
        Ok(Some((plan, who, format!("/api/v1/travels/{}", self.model.plans[plan].id))))
    }

    fn body_of(&self, change: Change) -> Value {
        let day = |number| self.day(number).to_string();
        match change {
            Change::Place { written } => json!({ "city": WRITTEN[written].0, "country": WRITTEN[written].1 }),
            Change::Days { first, length } => json!({ "start_date": day(first), "end_date": day(first + length) }),
            Change::First(first) => json!({ "start_date": day(first) }),
            Change::Last(last) => json!({ "end_date": day(last) }),
            Change::Words(some) => json!({ "description": some.then_some("By train") }),
        }
    }

    // Notifications

    /// Everything that somebody was told; the ids, newest first.
    async fn notes(&mut self, who: usize) -> Told<Vec<i64>> {
        if self.model.people[who].is_none() {
            return Ok(Vec::new());
        }
        self.joined(who).await?;
        let answer = self.send(who, Method::GET, "/api/v1/notifications?limit=100", None).await;
        let entries = answer.expect_status(200).data();
        self.model.check_notes(who, &entries)?;
        Ok(entries.iter().map(|entry| entry["id"].as_i64().unwrap()).collect())
    }

    async fn read(&mut self, who: usize, back: usize, by: Whose) -> Told {
        let ids = self.notes(who).await?;
        let Some(id) = latest(back, ids.len()).map(|at| ids[ids.len() - 1 - at]) else { return Ok(()) };
        let reader = another(who, by);
        self.joined(reader).await?;
        let answer = self.send(reader, Method::PUT, &format!("/api/v1/notifications/{id}/read"), None).await;
        check(&answer, &(if reader == who { 200 } else { 404 }, Value::Null))?;
        if reader == who {
            self.model.notes.iter_mut().filter(|note| note.id == Some(id)).for_each(|note| note.is_read = true);
        }
        self.notes(who).await.map(drop)
    }

    // Looking

    /// Holds all that somebody can see against the model.
    async fn look(&mut self, who: usize) -> Told {
        if self.model.people[who].is_none() {
            return Ok(());
        }
        self.notes(who).await?;
        let today = self.model.today();
        let range = (today - Duration::days(2), today + Duration::days(5));
        let mut pages = vec![
            ("connections?".to_owned(), self.model.friends(who)),
            ("connections/requests/received?".to_owned(), self.model.requests(who, false)),
            ("connections/requests/sent?".to_owned(), self.model.requests(who, true)),
            (
                "connections/travels?city=ROMA&".to_owned(),
                self.model.travels_of_friends(who, "upcoming", Some(u8::MAX)),
            ),
            ("connections/travels?city=rome&".to_owned(), self.model.travels_of_friends(who, "upcoming", Some(0))),
        ];
        for when in ["all", "upcoming", "past", "current"] {
            pages.push((format!("travels?when={when}&"), self.model.travels(who, when)));
            let of_friends = self.model.travels_of_friends(who, when, None);
            pages.push((format!("connections/travels?when={when}&"), of_friends));
        }
        let unread = json!({ "unread_count": self.model.unread(who) });
        let mut answers = vec![
            ("users/me".to_owned(), (200, self.model.private_profile(who))),
            ("notifications/unread-count".to_owned(), (200, unread)),
        ];
        for other in (0..PEOPLE).filter(|other| self.model.people[*other].is_some()) {
            let path = format!("users/{}", self.model.human(other).id);
            if other == who || self.model.are_connected(who, other) {
                pages.push((format!("{path}/travels?"), self.model.travels(other, "all")));
            } else {
                answers.push((format!("{path}/travels"), (403, Value::Null)));
            }
            answers.push((path, (200, self.model.public_profile(other, who))));
        }
        for (asked, place) in [("city=PARIS", (1, None)), ("city=Paris&country=US", (1, Some(2)))] {
            let path = format!("matches?{asked}&start_date={}&end_date={}", range.0, range.1);
            answers.push((path, (200, self.model.matches(who, place, range).into())));
        }
        let client: &Client = self.people[who].as_ref().unwrap();
        for (path, expected) in pages {
            let answer = client.get(&format!("/api/v1/{path}limit=100")).await;
            check_value(&answer, 200, &answer.json()["data"], &expected.into())?;
        }
        for (path, expected) in answers {
            check_found(client, &path, &expected).await?;
        }
        let sessions = &self.model.human(who).sessions;
        let live = sessions.iter().filter(|session| session.is_live(self.model.now)).count();
        let answer = client.get("/api/v1/auth/sessions?limit=100").await;
        check_value(&answer, 200, &answer.json()["pagination"]["total"], &live.into())
    }

    /// Every plan that there is or was, and whom one meets there.
    async fn look_at_each_plan(&self, who: usize) -> Told {
        let Some(client) = &self.people[who] else { return Ok(()) };
        for (number, plan) in self.model.plans.iter().enumerate() {
            let path = format!("travels/{}", plan.id);
            let (seen, asked) = (self.model.standing(number, who, 200), self.model.standing(number, who, 403));
            let view = if seen == 200 { self.model.travel(plan) } else { Value::Null };
            check_found(client, &path, &(seen, view)).await?;
            let (days, place) = ((plan.first, plan.last), (plan.place().0, Some(plan.place().1)));
            let matches = if asked == 200 { self.model.matches(who, place, days).into() } else { Value::Null };
            check_found(client, &format!("{path}/matches"), &(asked, matches)).await?;
        }
        Ok(())
    }

    async fn send(&mut self, who: usize, method: Method, path: &str, body: Option<Value>) -> Answer {
        let person = self.people[who].as_ref().unwrap();
        let answer = person.send(method.clone(), path, body.as_ref()).await;
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.lines.push(format!("    {}: {method} {path} {body} → {}", NAMES[who], answer.status));
        *self.tally.entry(answer.status.to_string()).or_default() += 1;
        answer
    }
}

const fn another(owner: usize, by: Whose) -> usize {
    match by {
        Whose::Owner => owner,
        Whose::Another(places) => (owner + places) % PEOPLE,
    }
}

/// The id in an answer; 0 if there is none.
fn id_in(answer: &Answer) -> i64 {
    answer.json()["id"].as_i64().unwrap_or_default()
}

/// Gets it, and holds it against what it must be; of an answer with matches, only these.
async fn check_found(client: &Client, path: &str, (status, expected): &Outcome) -> Told {
    let answer = client.get(&format!("/api/v1/{path}")).await;
    let body = answer.json();
    check_value(&answer, *status, body.get("matches").unwrap_or(&body), expected)
}

fn check(answer: &Answer, (status, body): &Outcome) -> Told {
    let said = if body.is_null() { Value::Null } else { answer.json() };
    check_value(answer, *status, &said, body)
}

/// Whether the answer has this status, and what it says is what is expected of it; a null expects nothing.
fn check_value(answer: &Answer, status: u16, said: &Value, expected: &Value) -> Told {
    if answer.status == status && (expected.is_null() || said == expected) {
        return Ok(());
    }
    Err(format!("the model says {status} {expected}\nthe answer is {answer:?}"))
}
