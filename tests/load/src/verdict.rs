//! Whether an answer is one that a scenario expects.

use crate::deed::Deed;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was served.
    Served,
    /// It was told to come back later, in a scenario that asks for too much.
    Refused,
    /// Anything else, told in a few words.
    Error(String),
}

/// Judges the answer to a deed. `refusals`: whether the scenario expects a 429 or a 503; they have to say when to come back.
#[must_use]
pub fn judge(deed: Deed, status: u16, conditional: bool, retry_after: bool, refusals: bool) -> Verdict {
    match status {
        304 if conditional => Verdict::Served,
        status if status == deed.success() => Verdict::Served,
        429 | 503 if !retry_after => Verdict::Error(format!("{status} without Retry-After")),
        429 | 503 if refusals => Verdict::Refused,
        status => Verdict::Error(status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_scenario_expects_is_no_error() {
        let error = |text: &str| Verdict::Error(text.to_owned());
        for (deed, status, conditional, retry_after, refusals, expected) in [
            (Deed::MyPlans, 200, false, false, false, Verdict::Served),
            (Deed::MyPlans, 304, true, false, false, Verdict::Served),
            (Deed::MyPlans, 304, false, false, false, error("304")),
            (Deed::CreatePlan, 201, false, false, false, Verdict::Served),
            (Deed::CreatePlan, 200, false, false, false, error("200")),
            (Deed::DeletePlan, 204, false, false, false, Verdict::Served),
            (Deed::Login, 503, false, true, true, Verdict::Refused),
            (Deed::Login, 503, false, true, false, error("503")),
            (Deed::Login, 503, false, false, true, error("503 without Retry-After")),
            (Deed::Login, 429, false, false, false, error("429 without Retry-After")),
            (Deed::Login, 500, false, true, true, error("500")),
        ] {
            assert_eq!(judge(deed, status, conditional, retry_after, refusals), expected, "{deed:?} {status}");
        }
    }
}
