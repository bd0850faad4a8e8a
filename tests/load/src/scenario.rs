//! Who comes how often, and what for.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::deed::Deed;
use crate::mix::{Mix, WHOLE};
use crate::timeline::{Phase, Timeline};

/// People open the app: mostly they look whether something is new.
///
/// Notification polls 45 %, matches 20 %, plans 15 %, connections 8 %, plan writes 5 %, search 3 %, tokens 3 %, other 1 %.
/// An access token lives for minutes and a session for days, so that of thirty who need a token one logs in.
const APP_OPEN: [(Deed, u32); 14] = [
    (Deed::UnreadCount, 300),
    (Deed::Notifications, 150),
    (Deed::PlanMatches, 100),
    (Deed::CityMatches, 100),
    (Deed::MyPlans, 90),
    (Deed::FriendsPlans, 60),
    (Deed::Connections, 50),
    (Deed::Requests, 30),
    (Deed::CreatePlan, 30),
    (Deed::ChangePlan, 10),
    (Deed::DeletePlan, 10),
    (Deed::Search, 30),
    (Deed::Refresh, 29),
    (Deed::Login, 1),
];
/// What is left to the whole of [`APP_OPEN`].
const OTHER: (Deed, u32) = (Deed::Profile, 10);
/// Everybody's token is gone at once: half know their password, the rest has a session still.
const AUTH_STORM: [(Deed, u32); 3] = [(Deed::Login, 500), (Deed::Refresh, 400), (Deed::Profile, 100)];

/// How long the conference spike is, and by how much it is above the rate before.
const SPIKE: Duration = Duration::from_secs(30);
/// Ten times the normal rate.
const SPIKE_TIMES: f64 = 10.0;
/// The most of a spike that are plans for the conference, in thousandths: people also look around.
const MOST_CONFERENCE: f64 = 600.0;

/// A scenario by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// `app-open`: open loop, what people do who open the app.
    AppOpen,
    /// `conference-spike`: the same, and for 30 s ten times as much: everybody logs one city and week.
    ConferenceSpike,
    /// `auth-storm`: open loop, logins and refreshes.
    AuthStorm,
    /// `normal`: closed loop, 100 people.
    Normal,
    /// `peak`: closed loop, 500 people.
    Peak,
    /// `stress`: closed loop, 1,000 people.
    Stress,
}

/// What a run takes from the command line, or else from its scenario.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Requests a second.
    pub rate: f64,
    /// How many people.
    pub users: u32,
    /// How long the part that counts is; a spike's, before and after it.
    pub length: Duration,
    /// How long the part before that is.
    pub warm_up: Duration,
}

impl FromStr for Scenario {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == text);
        let Some(found) = found else {
            bail!("{text} is no scenario; there are {}", Self::ALL.map(Self::name).join(", "));
        };
        Ok(found)
    }
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::AppOpen, Self::ConferenceSpike, Self::AuthStorm, Self::Normal, Self::Peak, Self::Stress];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppOpen => "app-open",
            Self::ConferenceSpike => "conference-spike",
            Self::AuthStorm => "auth-storm",
            Self::Normal => "normal",
            Self::Peak => "peak",
            Self::Stress => "stress",
        }
    }

    /// Whether its people wait for answers and think, in place of requests that come at a rate.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Normal | Self::Peak | Self::Stress)
    }

    /// How many people it has unless it is said otherwise.
    #[must_use]
    pub const fn users(self) -> u32 {
        match self {
            Self::AppOpen => 2_000,
            Self::ConferenceSpike => 5_000,
            Self::AuthStorm | Self::Stress => 1_000,
            Self::Normal => 100,
            Self::Peak => 500,
        }
    }

    /// Requests a second unless it is said otherwise; before a spike.
    #[must_use]
    pub const fn rate(self) -> f64 {
        match self {
            Self::AppOpen => 500.0,
            Self::ConferenceSpike => 100.0,
            Self::AuthStorm => 300.0,
            // The answers say how many.
            Self::Normal | Self::Peak | Self::Stress => 0.0,
        }
    }

    /// Connections at most, unless it is said otherwise: more than a server serves at once where the scenario is about what
    /// it does then, and one for each person of a closed loop.
    #[must_use]
    pub const fn connections(self, users: usize) -> usize {
        match self {
            Self::AppOpen => 64,
            Self::ConferenceSpike => 512,
            Self::AuthStorm => 1_000,
            Self::Normal | Self::Peak | Self::Stress => users,
        }
    }

    /// Whether a 429 or a 503 with `Retry-After` is what a server should answer to some of it.
    #[must_use]
    pub const fn expects_refusals(self) -> bool {
        matches!(self, Self::ConferenceSpike | Self::AuthStorm)
    }

    /// What people want.
    pub fn mix(self) -> Result<Mix> {
        let mix = match self {
            Self::AuthStorm => Mix::new(&AUTH_STORM),
            _ => Mix::new(&[&APP_OPEN[..], &[OTHER]].concat()),
        };
        mix.context("the shares of the scenario don't add up")
    }

    /// When they want it.
    pub fn timeline(self, extent: &Extent) -> Result<Timeline> {
        let mix = self.mix()?;
        let phase = |name, length, rate, mix: &Mix, counted| Phase { name, length, rate, mix: mix.clone(), counted };
        let warm_up = phase("warm-up", extent.warm_up, extent.rate, &mix, false);
        if self != Self::ConferenceSpike {
            return Ok(Timeline(vec![warm_up, phase("load", extent.length, extent.rate, &mix, true)]));
        }
        let rate = extent.rate * SPIKE_TIMES;
        let rush = conference(&mix, extent.users, rate * SPIKE.as_secs_f64());
        Ok(Timeline(vec![
            warm_up,
            phase("before", extent.length, extent.rate, &mix, true),
            phase("spike", SPIKE, rate, &rush, true),
            phase("after", extent.length, extent.rate, &mix, true),
        ]))
    }
}

/// Everybody logs the conference once within so many requests, and looks there for others.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a whole is small and not negative"
)]
fn conference(mix: &Mix, users: u32, requests: f64) -> Mix {
    let share = (f64::from(WHOLE) * f64::from(users) / requests.max(1.0)).min(MOST_CONFERENCE);
    mix.instead(Deed::CityMatches, Deed::ConferenceMatches).with(Deed::ConferencePlan, share as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deed::Group;

    const EXTENT: Extent =
        Extent { rate: 100.0, users: 5_000, length: Duration::from_secs(20), warm_up: Duration::from_secs(5) };

    #[test]
    fn a_scenario_is_found_by_its_name() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse::<Scenario>().unwrap(), scenario);
            assert!(scenario.is_closed() != (scenario.rate() > 0.0));
        }
        assert!("rush".parse::<Scenario>().unwrap_err().to_string().contains("conference-spike"));
    }

    #[test]
    fn every_mix_is_a_whole_and_people_who_open_the_app_do_what_is_stated() {
        for scenario in Scenario::ALL {
            for phase in scenario.timeline(&EXTENT).unwrap().0 {
                assert_eq!(phase.mix.shares().iter().map(|(_, share)| share).sum::<u32>(), WHOLE, "{scenario:?}");
            }
        }
        let mix = Scenario::AppOpen.mix().unwrap();
        let of = |group: Group| -> u32 {
            mix.shares().iter().filter(|(deed, _)| deed.group() == group).map(|(_, share)| share).sum()
        };
        assert_eq!(Group::ALL.map(of), [450, 200, 150, 80, 50, 30, 30, 10]);
    }

    #[test]
    fn a_spike_is_ten_times_the_rate_and_long_enough_for_everybodys_plan() {
        let timeline = Scenario::ConferenceSpike.timeline(&EXTENT).unwrap();
        let told: Vec<_> = timeline.0.iter().map(|phase| (phase.name, phase.rate, phase.counted)).collect();
        assert_eq!(
            told,
            [("warm-up", 100.0, false), ("before", 100.0, true), ("spike", 1_000.0, true), ("after", 100.0, true)]
        );
        let spike = &timeline.0[2];
        let (_, share) = spike.mix.shares().iter().find(|(deed, _)| *deed == Deed::ConferencePlan).unwrap();
        let plans = spike.length.as_secs_f64() * spike.rate * f64::from(*share) / f64::from(WHOLE);
        assert!((4_900.0..5_500.0).contains(&plans), "{plans}");
        assert!(spike.mix.shares().iter().any(|(deed, _)| *deed == Deed::ConferenceMatches));
    }
}
