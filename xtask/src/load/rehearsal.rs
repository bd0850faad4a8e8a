//! A rehearsal on an SQL Server, before anything counts: each connection of the handler's pool sees each statement.
//!
//! A server compiles a statement when it sees it for the first time, and a stand-in may do that for each connection, for so
//! long that the request is given up and the connection closed. Under load none would ever be warm. So people come slowly
//! at first, one at a time, then two, and so on up to the size of the pool; each step is repeated until nobody waits.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use load::crowd::Crowd;
use load::deed::Deed;
use load::generator::{Loop, Settings, run};
use load::mix::{Mix, WHOLE};
use load::timeline::{Phase, Spacing, Timeline};

/// What is rehearsed: all that people do in any scenario, and each as often.
const DEEDS: [Deed; 17] = [
    Deed::UnreadCount,
    Deed::Notifications,
    Deed::PlanMatches,
    Deed::CityMatches,
    Deed::ConferenceMatches,
    Deed::MyPlans,
    Deed::FriendsPlans,
    Deed::Connections,
    Deed::Requests,
    Deed::CreatePlan,
    Deed::ChangePlan,
    Deed::DeletePlan,
    Deed::Search,
    Deed::Refresh,
    Deed::Login,
    Deed::Profile,
    // In the place of the conference's plans, which everybody makes once only, when it counts.
    Deed::Profile,
];
/// Requests a second, and how long one step is: each deed comes ten times.
const RATE: f64 = 40.0;
const STEP: Duration = Duration::from_secs(4);
/// Nobody waits longer than this, in milliseconds, when all is warm.
const WARM: f64 = 400.0;
/// How often a step is repeated.
const TRIES: u32 = 30;

/// Has the crowd rehearse with up to `pool` requests at once; gives it back.
pub(super) fn rehearse(settings: &Settings, pool: u32, crowd: Crowd) -> Result<Crowd> {
    let (started, mut crowd, mut seed) = (Instant::now(), crowd, settings.seed);
    for at_once in 1..=pool {
        let mut slowest = f64::INFINITY;
        for _ in 0..TRIES {
            let connections = usize::try_from(at_once)?;
            seed = seed.wrapping_add(0x9E37);
            let settings =
                Settings { kind: Loop::Open(Spacing::Even), connections, refusals: true, seed, ..settings.clone() };
            let (outcome, back) = run(settings, timeline()?, crowd)?;
            crowd = back;
            let total = outcome.total()?;
            slowest = total.latencies.percentiles().max;
            if slowest < WARM && total.refused == 0 && total.errors.is_empty() {
                break;
            }
        }
        ensure!(slowest < WARM, "the server answers no faster: {slowest:.0} ms with {at_once} requests at once");
    }
    eprintln!("a pool of {pool} is warm after {:.0} s", started.elapsed().as_secs_f64());
    Ok(crowd)
}

fn timeline() -> Result<Timeline> {
    let each = WHOLE / u32::try_from(DEEDS.len())?;
    let shares: Vec<_> = DEEDS.iter().map(|deed| (*deed, each)).collect();
    let rest = WHOLE - each * u32::try_from(DEEDS.len())?;
    let mix = Mix::new(&[&shares[..], &[(Deed::UnreadCount, rest)]].concat());
    let mix = mix.ok_or_else(|| anyhow::anyhow!("the shares of the rehearsal don't add up"))?;
    Ok(Timeline(vec![Phase { name: "rehearsal", length: STEP, rate: RATE, mix, counted: true }]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use load::scenario::{Extent, Scenario};
    use std::collections::HashSet;

    #[test]
    fn everything_that_a_scenario_asks_for_is_rehearsed_but_what_happens_once() {
        let name = |deed: &Deed| format!("{deed:?}");
        let mix = timeline().unwrap().0.remove(0).mix;
        let rehearsed: HashSet<_> = mix.shares().iter().map(|(deed, _)| name(deed)).collect();
        let extent = Extent { rate: 100.0, users: 5_000, length: STEP, warm_up: STEP };
        for scenario in Scenario::ALL {
            for phase in scenario.timeline(&extent).unwrap().0 {
                for (deed, _) in phase.mix.shares().iter().filter(|(deed, _)| *deed != Deed::ConferencePlan) {
                    assert!(rehearsed.contains(&name(deed)), "{deed:?} of {scenario:?}");
                }
            }
        }
    }
}
