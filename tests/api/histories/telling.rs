//! Who is told of what in the model: requests and acceptances when they happen, matches when somebody looks for them.

use serde_json::{Value, json};
use time::Date;

use super::model::{Model, NAMES, Note, PEOPLE, Plan, WRITTEN};
use super::views::instant;

impl Model {
    pub(super) fn tell(&mut self, receiver: usize, kind: &'static str, message: String, related: i64) {
        let at = self.now;
        self.notes.push(Note { id: None, receiver, kind, message, related, is_read: false, at });
    }

    /// Tells everybody of every match that holds and that they were not told of.
    pub(super) fn scan(&mut self) {
        let today = self.today();
        let to_come: Vec<Plan> = self.plans.iter().filter(|plan| !plan.gone && plan.last >= today).cloned().collect();
        for plan in &to_come {
            for friend in (0..PEOPLE).filter(|who| *who != plan.owner) {
                if self.people[friend].is_none() || !self.are_connected(plan.owner, friend) {
                    continue;
                }
                for other in to_come.iter().filter(|other| other.owner == friend && other.place() == plan.place()) {
                    let common = plan.common(other.first, other.last).len();
                    let told = (plan.owner, plan.id.min(other.id), plan.id.max(other.id), None, plan.place());
                    if common > 0 && self.told.insert(told) {
                        let (name, city, words) = (NAMES[friend], WRITTEN[plan.written].0, in_words(other, today));
                        let unit = if common == 1 { "day" } else { "days" };
                        let message =
                            format!("{name} will be in {city} {words}, overlapping your trip by {common} {unit}");
                        self.tell(plan.owner, "travel_match", message, plan.id);
                    }
                }
                let place = (plan.place().0, Some(plan.place().1));
                if !self.is_at_home(friend, place, plan.first, plan.last) {
                    continue;
                }
                let home = self.human(friend).home.unwrap().written;
                for receiver in [plan.owner, friend] {
                    if self.told.insert((receiver, plan.id, 0, Some(friend), plan.place())) {
                        let message = if receiver == friend {
                            let (name, words) = (NAMES[plan.owner], in_words(plan, today));
                            format!("{name} is coming to your city ({}), {words}", WRITTEN[home].0)
                        } else {
                            let city = WRITTEN[plan.written].0;
                            format!("{} lives in {city} and is home during your trip", NAMES[friend])
                        };
                        self.tell(receiver, "travel_match", message, plan.id);
                    }
                }
            }
        }
    }

    pub(super) fn unread(&self, who: usize) -> usize {
        self.notes.iter().filter(|note| note.receiver == who && !note.is_read).count()
    }

    pub(super) fn read_all(&mut self, who: usize) -> usize {
        let unread = self.unread(who);
        self.notes.iter_mut().filter(|note| note.receiver == who).for_each(|note| note.is_read = true);
        unread
    }

    /// Holds somebody's notifications, as they were answered, against those that there must be, and learns their ids.
    pub(super) fn check_notes(&mut self, who: usize, answered: &[Value]) -> Result<(), String> {
        let mut expected: Vec<usize> = (0..self.notes.len()).filter(|note| self.notes[*note].receiver == who).collect();
        let mut before: Option<(String, i64)> = None;
        for entry in answered {
            let id = entry["id"].as_i64().unwrap();
            let place = (entry["created_at"].as_str().unwrap().to_owned(), id);
            if before.as_ref().is_some_and(|before| *before <= place) {
                return Err(format!("not newest first: {entry}"));
            }
            before = Some(place);
            let is_it = |note: &usize| {
                let note = &self.notes[*note];
                note.id.is_none_or(|known| known == id)
                    && *entry
                        == json!({
                            "id": id, "type": note.kind, "message": note.message, "related_entity_id": note.related,
                            "is_read": note.is_read, "created_at": instant(note.at),
                        })
            };
            // One that is known by its id goes before one that only says the same.
            let known = expected.iter().position(|note| self.notes[*note].id == Some(id));
            let found = known.filter(|at| is_it(&expected[*at])).or_else(|| expected.iter().position(is_it));
            let Some(found) = found else { return Err(format!("{} was told too much: {entry}", NAMES[who])) };
            self.notes[expected.swap_remove(found)].id = Some(id);
        }
        match expected.first() {
            Some(missing) => Err(format!("{} was not told: {:?}", NAMES[who], self.notes[*missing])),
            None => Ok(()),
        }
    }
}

/// `14–18 Mar`, `30 Mar–2 Apr`, `14 Mar`; with the year where it is not this one.
fn in_words(plan: &Plan, today: Date) -> String {
    let written = |day: Date, year: bool| {
        let month = &day.month().to_string()[..3];
        if year { format!("{} {month} {}", day.day(), day.year()) } else { format!("{} {month}", day.day()) }
    };
    let (first, last) = (plan.first, plan.last);
    let end = written(last, last.year() != today.year());
    if first == last {
        end
    } else if first.year() != last.year() {
        format!("{}–{}", written(first, true), written(last, true))
    } else if first.month() == last.month() {
        format!("{}–{end}", first.day())
    } else {
        format!("{}–{end}", written(first, false))
    }
}
