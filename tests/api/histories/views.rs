//! What the answers must say, by the model.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use super::model::{Link, Model, NAMES, PEOPLE, Plan, Status, WRITTEN};

pub(super) fn instant(at: OffsetDateTime) -> String {
    format!("{}T{:02}:{:02}:{:02}Z", at.date(), at.hour(), at.minute(), at.second())
}

impl Model {
    fn home_names(&self, who: usize) -> (Option<&'static str>, Option<&'static str>) {
        let Some(home) = self.human(who).home else { return (None, None) };
        let (city, country, ..) = WRITTEN[home.written];
        (Some(city), home.with_country.then_some(country))
    }

    pub(super) fn private_profile(&self, who: usize) -> Value {
        let (human, (city, country)) = (self.human(who), self.home_names(who));
        json!({
            "id": human.id, "email": format!("{}@example.org", NAMES[who]), "display_name": NAMES[who], "bio": null,
            "profile_pic_url": null, "home_city": city, "home_country": country,
            "created_at": instant(human.created), "updated_at": instant(human.updated),
        })
    }

    pub(super) fn public_profile(&self, who: usize, to: usize) -> Value {
        let (human, (city, country)) = (self.human(who), self.home_names(who));
        let status = match self.between(who, to).map(|link| &self.links[link]) {
            _ if who == to => "self",
            Some(Link { status: Status::Accepted, .. }) => "connected",
            Some(Link { status: Status::Pending, requester, .. }) if *requester == to => "pending_sent",
            Some(Link { status: Status::Pending, .. }) => "pending_received",
            _ => "none",
        };
        json!({
            "id": human.id, "display_name": NAMES[who], "bio": null, "profile_pic_url": null, "home_city": city,
            "home_country": country, "created_at": instant(human.created), "connection_status": status,
        })
    }

    fn summary(&self, who: usize) -> Value {
        let (city, country) = self.home_names(who);
        json!({
            "id": self.human(who).id, "display_name": NAMES[who], "profile_pic_url": null, "home_city": city,
            "home_country": country,
        })
    }

    pub(super) fn connection(&self, link: usize) -> Value {
        let link = &self.links[link];
        json!({
            "id": link.id, "status": status(link.status), "requester": self.summary(link.requester),
            "receiver": self.summary(link.receiver), "created_at": instant(link.created),
            "updated_at": instant(link.updated),
        })
    }

    /// `GET /connections`
    pub(super) fn friends(&self, who: usize) -> Vec<Value> {
        let friends = (0..PEOPLE).filter(|friend| self.are_connected(who, *friend));
        friends
            .map(|friend| {
                let link = &self.links[self.between(who, friend).unwrap()];
                json!({
                    "id": link.id, "user": self.summary(friend), "connected_since": instant(link.updated),
                    "whereabouts": self.whereabouts(friend),
                })
            })
            .collect()
    }

    fn whereabouts(&self, who: usize) -> Value {
        let today = self.today();
        let here = self.plans_of(who).filter(|plan| plan.first <= today && today <= plan.last);
        if let Some(plan) = here.max_by_key(|plan| (plan.first, plan.id)) {
            let (city, country, ..) = WRITTEN[plan.written];
            return json!({ "kind": "traveling", "city": city, "country": country, "until": plan.last.to_string() });
        }
        let (Some(city), country) = self.home_names(who) else {
            return json!({ "kind": "unknown", "city": null, "country": null, "until": null });
        };
        let next = self.plans_of(who).map(|plan| plan.first).filter(|first| *first > today).min();
        let until = next.and_then(Date::previous_day).map(|day| day.to_string());
        json!({ "kind": "home", "city": city, "country": country, "until": until })
    }

    /// `GET /connections/requests/received`, or `…/sent`
    pub(super) fn requests(&self, who: usize, sent: bool) -> Vec<Value> {
        let side = |link: &Link| if sent { (link.requester, link.receiver) } else { (link.receiver, link.requester) };
        let pending = |link: &&Link| link.status == Status::Pending && side(link).0 == who;
        let mut found: Vec<&Link> = self.links.iter().filter(pending).collect();
        found.sort_by_key(|link| std::cmp::Reverse((link.created, link.id)));
        let view = |link: &&Link| {
            let user = self.summary(side(link).1);
            json!({ "id": link.id, "status": "pending", "user": user, "created_at": instant(link.created) })
        };
        found.iter().map(view).collect()
    }

    pub(super) fn travel(&self, plan: &Plan) -> Value {
        let (city, country, ..) = WRITTEN[plan.written];
        json!({
            "id": plan.id, "user_id": self.human(plan.owner).id, "city": city, "country": country,
            "start_date": plan.first.to_string(), "end_date": plan.last.to_string(), "description": plan.words,
            "created_at": instant(plan.created), "updated_at": instant(plan.updated),
        })
    }

    /// The plans of these people in the list of this name.
    fn listed(&self, owners: &[usize], when: &str) -> Vec<&Plan> {
        let today = self.today();
        let mut found: Vec<&Plan> = owners.iter().flat_map(|owner| self.plans_of(*owner)).collect();
        found.retain(|plan| match when {
            "upcoming" => plan.last >= today,
            "current" => plan.first <= today && plan.last >= today,
            "past" => plan.last < today,
            _ => true,
        });
        found.sort_by_key(|plan| (plan.first, plan.id));
        if ["past", "all"].contains(&when) {
            found.reverse();
        }
        found
    }

    /// `GET /travels`
    pub(super) fn travels(&self, owner: usize, when: &str) -> Vec<Value> {
        self.listed(&[owner], when).into_iter().map(|plan| self.travel(plan)).collect()
    }

    /// `GET /connections/travels`
    pub(super) fn travels_of_friends(&self, who: usize, when: &str, city: Option<u8>) -> Vec<Value> {
        let friends: Vec<usize> = (0..PEOPLE).filter(|friend| self.are_connected(who, *friend)).collect();
        let found = self.listed(&friends, when).into_iter();
        let found = found.filter(|plan| city.is_none_or(|city| plan.place().0 == city));
        found
            .map(|plan| {
                let mut view = self.travel(plan);
                view["user"] = self.summary(plan.owner);
                view
            })
            .collect()
    }

    /// `GET /matches`, and `matches` of `GET /travels/{id}/matches`
    pub(super) fn matches(&self, who: usize, place: (u8, Option<u8>), (first, last): (Date, Date)) -> Vec<Value> {
        let mut found = Vec::new();
        for friend in (0..PEOPLE).filter(|friend| self.are_connected(who, *friend)) {
            let id = self.human(friend).id;
            let mut view = |meeting: Value, common: &[Date], plan: i64| {
                let mut view = json!({
                    "user_id": id, "display_name": NAMES[friend], "profile_pic_url": null,
                    "overlap": {
                        "start_date": common[0].to_string(), "end_date": common[common.len() - 1].to_string(),
                        "days": common.len(),
                    },
                });
                view.as_object_mut().unwrap().extend(meeting.as_object().unwrap().clone());
                found.push(((common[0], friend, id, plan), view));
            };
            for plan in self.plans_of(friend) {
                let same = plan.place().0 == place.0 && place.1.is_none_or(|country| country == plan.place().1);
                let common = plan.common(first, last);
                if same && !common.is_empty() {
                    let days = (plan.first.to_string(), plan.last.to_string());
                    let travel =
                        json!({ "id": plan.id, "start_date": days.0, "end_date": days.1, "description": plan.words });
                    view(json!({ "match_type": "traveling", "travel_plan": travel }), &common, plan.id);
                }
            }
            if self.is_at_home(friend, place, first, last) {
                let (city, country) = self.home_names(friend);
                let all: Vec<Date> = super::model::days(first, last).collect();
                view(json!({ "match_type": "home_city", "home_city": city, "home_country": country }), &all, 0);
            }
        }
        found.sort_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, view)| view).collect()
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Accepted => "accepted",
        Status::Rejected => "rejected",
        Status::Gone => "gone",
    }
}
