use super::*;
use proptest::prelude::*;
use time::macros::datetime;

const THEN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
const NOW: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);
const ANA: i32 = 1;
const BEN: i32 = 2;

fn person(id: i32) -> UserSummary {
    let display_name = format!("Person {id}");
    UserSummary { id, display_name, profile_pic_url: None, home_city: None, home_country: None }
}

/// What there is after Ana has asked Ben.
fn asked_by_ana(status: RequestStatus) -> Connection {
    Connection { id: 7, status, requester: person(ANA), receiver: person(BEN), created_at: THEN, updated_at: THEN }
}

fn message(error: &Error) -> &'static str {
    match error {
        Error::Forbidden(message) | Error::Conflict { message, .. } => message,
        other => panic!("{other}"),
    }
}

fn is_conflict<T: std::fmt::Debug>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Conflict { details, .. }) if details.is_empty())
}

#[test]
fn a_request_where_there_was_nothing_is_the_first() {
    assert_eq!(request(None, ANA, NOW).unwrap(), Requested::First);
}

#[test]
fn whoever_is_connected_or_has_asked_has_nothing_to_ask_for() {
    for caller in [ANA, BEN] {
        let refused = request(Some(asked_by_ana(RequestStatus::Accepted)), caller, NOW).unwrap_err();
        assert!(message(&refused).contains("already connected"));
    }
    let refused = request(Some(asked_by_ana(RequestStatus::Pending)), ANA, NOW).unwrap_err();
    assert!(message(&refused).contains("wait for the answer"));
}

#[test]
fn asking_the_one_who_has_asked_is_an_approval() {
    let expected = Connection { updated_at: NOW, ..asked_by_ana(RequestStatus::Accepted) };
    assert_eq!(request(Some(asked_by_ana(RequestStatus::Pending)), BEN, NOW).unwrap(), Requested::Approved(expected));
}

#[test]
fn whoever_was_rejected_waits_for_seven_days_to_the_instant() {
    let rejected = || Some(asked_by_ana(RequestStatus::Rejected));
    for waited in [Duration::ZERO, Duration::days(1), Duration::days(7) - Duration::NANOSECOND] {
        let refused = request(rejected(), ANA, THEN + waited).unwrap_err();
        assert!(message(&refused).contains("ask again a week after that"), "{waited}");
    }
    let later = THEN + Duration::days(7);
    let expected = Connection { created_at: later, updated_at: later, ..asked_by_ana(RequestStatus::Pending) };
    assert_eq!(request(rejected(), ANA, later).unwrap(), Requested::Again(expected));
}

#[test]
fn whoever_rejected_may_ask_at_once_and_is_then_the_requester() {
    let expected = Connection {
        requester: person(BEN),
        receiver: person(ANA),
        created_at: THEN,
        updated_at: THEN,
        ..asked_by_ana(RequestStatus::Pending)
    };
    let asked = request(Some(asked_by_ana(RequestStatus::Rejected)), BEN, THEN).unwrap();
    assert_eq!(asked, Requested::Again(expected.clone()));
    assert!(matches!(request(Some(expected), ANA, THEN).unwrap(), Requested::Approved(_)), "the cross request");
}

#[test]
fn the_receiver_answers_what_is_pending() {
    let accepted = Connection { updated_at: NOW, ..asked_by_ana(RequestStatus::Accepted) };
    let rejected = Connection { updated_at: NOW, ..asked_by_ana(RequestStatus::Rejected) };
    assert_eq!(asked_by_ana(RequestStatus::Pending).accepted_by(BEN, NOW).unwrap(), accepted);
    assert_eq!(asked_by_ana(RequestStatus::Pending).rejected_by(BEN, NOW).unwrap(), rejected);
}

#[test]
fn the_requester_never_answers() {
    for status in [RequestStatus::Pending, RequestStatus::Accepted, RequestStatus::Rejected] {
        for refused in [asked_by_ana(status).accepted_by(ANA, NOW), asked_by_ana(status).rejected_by(ANA, NOW)] {
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{status:?}");
        }
    }
}

#[test]
fn an_answer_is_given_once() {
    for (status, advice) in
        [(RequestStatus::Accepted, "delete the connection"), (RequestStatus::Rejected, "send one yourself")]
    {
        for refused in [asked_by_ana(status).accepted_by(BEN, NOW), asked_by_ana(status).rejected_by(BEN, NOW)] {
            assert!(is_conflict(&refused), "{status:?}");
            assert!(message(&refused.unwrap_err()).contains(advice), "{status:?}");
        }
    }
}

#[test]
fn who_may_remove_what() {
    for caller in [ANA, BEN] {
        asked_by_ana(RequestStatus::Accepted).check_removal_by(caller).unwrap();
        assert!(is_conflict(&asked_by_ana(RequestStatus::Rejected).check_removal_by(caller)));
    }
    asked_by_ana(RequestStatus::Pending).check_removal_by(ANA).unwrap();
    assert!(matches!(asked_by_ana(RequestStatus::Pending).check_removal_by(BEN), Err(Error::Forbidden(_))));
}

#[test]
fn a_status_has_one_name_everywhere() {
    for status in [RequestStatus::Pending, RequestStatus::Accepted, RequestStatus::Rejected] {
        assert_eq!(RequestStatus::parse(status.as_str()), Some(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    assert_eq!(RequestStatus::parse("Pending"), None);
}

/// What one of the two does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Ask,
    Accept,
    Reject,
    Remove,
}

fn deed() -> impl Strategy<Value = (Deed, i32, i64)> {
    let deeds = prop_oneof![Just(Deed::Ask), Just(Deed::Accept), Just(Deed::Reject), Just(Deed::Remove)];
    (deeds, prop_oneof![Just(ANA), Just(BEN)], 0..100_i64)
}

/// What there is after the deed, or that it was refused.
fn done(deed: Deed, caller: i32, present: Option<Connection>, now: OffsetDateTime) -> Result<Option<Connection>> {
    if deed == Deed::Ask {
        return Ok(Some(match request(present, caller, now)? {
            Requested::First => {
                let (requester, receiver) = (person(caller), person(ANA + BEN - caller));
                Connection {
                    id: 7,
                    status: RequestStatus::Pending,
                    requester,
                    receiver,
                    created_at: now,
                    updated_at: now,
                }
            }
            Requested::Again(connection) | Requested::Approved(connection) => connection,
        }));
    }
    let present = present.ok_or(Error::NotFound("connection"))?;
    match deed {
        Deed::Accept => present.accepted_by(caller, now).map(Some),
        Deed::Reject => present.rejected_by(caller, now).map(Some),
        _ => present.check_removal_by(caller).map(|()| None),
    }
}

proptest! {
    /// Whatever two people do, in whatever order: nobody is connected who has not approved, and nobody can ask sooner
    /// after a rejection than after the wait, unless it was by themselves.
    #[test]
    fn nobody_is_connected_without_both_approvals(deeds in proptest::collection::vec(deed(), 0..40)) {
        let (mut now, mut present) = (THEN, None::<Connection>);
        // Who has said yes since the last no, and when the latest no was said to whom.
        let mut approved: Vec<i32> = Vec::new();
        let mut rejection: Option<(i32, OffsetDateTime)> = None;
        for (deed, caller, hours) in deeds {
            now += Duration::hours(hours);
            let Ok(after) = done(deed, caller, present.clone(), now) else { continue };
            match deed {
                Deed::Ask => {
                    if let Some((rejected, at)) = rejection {
                        prop_assert!(rejected != caller || now - at >= WAIT_AFTER_REJECTION);
                    }
                    rejection = None;
                    approved.push(caller);
                }
                Deed::Accept => approved.push(caller),
                Deed::Reject => {
                    approved.clear();
                    rejection = Some((ANA + BEN - caller, now));
                }
                Deed::Remove => approved.clear(),
            }
            approved.sort_unstable();
            match &after {
                None => prop_assert!(approved.is_empty()),
                Some(Connection { status: RequestStatus::Pending, requester, .. }) => prop_assert_eq!(&approved, &[requester.id]),
                Some(Connection { status: RequestStatus::Accepted, .. }) => prop_assert_eq!(&approved, &[ANA, BEN]),
                Some(Connection { status: RequestStatus::Rejected, .. }) => prop_assert!(approved.is_empty()),
            }
            if let Some(connection) = &after {
                prop_assert_eq!(connection.requester.id + connection.receiver.id, ANA + BEN);
                prop_assert!(connection.created_at <= connection.updated_at && connection.updated_at == now);
            }
            present = after;
        }
    }
}
