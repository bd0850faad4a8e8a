//! Those who use the app, each of whom does one thing at a time.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Result, ensure};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::deed::Deed;
use crate::figures::scaled;
use crate::mix::Mix;
use crate::scene::Scene;
use crate::user::{Intent, Session, User};
use crate::wire::Answer;

/// How much more the most active people do than the others: the number of a person is a random share to this power.
const ACTIVITY_SKEW: f64 = 1.5;

/// People, some of whom are busy.
pub struct Crowd {
    scene: Scene,
    users: Vec<User>,
    busy: Vec<bool>,
    /// Those who have not logged the conference yet.
    awaited: VecDeque<usize>,
    rng: StdRng,
    etags: bool,
}

impl Crowd {
    /// The people of these sessions. `etags`: whether they tell which answers they have already.
    pub fn new(sessions: Vec<Session>, scene: Scene, etags: bool, seed: u64) -> Result<Self> {
        ensure!(!sessions.is_empty(), "a crowd of nobody");
        ensure!(!scene.cities.is_empty() && !scene.names.is_empty(), "a world without cities or names");
        let (mut rng, now) = (StdRng::seed_from_u64(seed), Instant::now());
        let mut users = Vec::with_capacity(sessions.len());
        for (number, session) in (0..).zip(sessions) {
            users.push(User::new(number, session, &scene, &mut rng, now)?);
        }
        let mut awaited: Vec<usize> = (0..users.len()).collect();
        awaited.shuffle(&mut rng);
        Ok(Self { busy: vec![false; users.len()], awaited: awaited.into(), users, scene, rng, etags })
    }

    /// How many they are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.users.len()
    }

    /// Somebody who is not busy and is so from now on, and what they want: something of the mix. `user` if it has to be
    /// that one. `None` if everybody is busy.
    pub fn next(&mut self, mix: &Mix, user: Option<usize>, now: Instant) -> Option<(usize, Intent)> {
        let mut deed = mix.draw(&mut self.rng);
        let mut user = user;
        if deed == Deed::ConferencePlan && user.is_none() {
            user = self.awaited.pop_front();
            if user.is_none() {
                // All have; now they look who else is there.
                deed = Deed::ConferenceMatches;
            }
        }
        let index = self.idle(user)?;
        self.busy[index] = true;
        Some((index, self.users[index].intend(deed, &self.scene, self.etags, &mut self.rng, now)))
    }

    /// That one is busy no more, and has got this answer, if one came.
    pub fn done(&mut self, index: usize, intent: &Intent, answer: Option<&Answer>, now: Instant) {
        self.busy[index] = false;
        if let Some(answer) = answer {
            self.users[index].learn(intent, answer, now);
        }
    }

    /// The first who is not busy, from the wanted one on, or from one by chance.
    fn idle(&mut self, wanted: Option<usize>) -> Option<usize> {
        let size = self.users.len();
        let first = wanted.unwrap_or_else(|| scaled(self.rng.random::<f64>().powf(ACTIVITY_SKEW), size));
        (first..size).chain(0..first).find(|index| !self.busy[*index])
    }
}

/// The numbers of `users` distinct people of a world of `people`, who are numbered from 1 on. Low numbers are drawn more
/// often: in a seeded world those know more people.
#[must_use]
pub fn chosen(users: u32, people: u32, seed: u64) -> Vec<u32> {
    let mut rng = StdRng::seed_from_u64(seed);
    // Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the smallest of exponential times whose
    // rates are the weights.
    let mut times: Vec<(f64, u32)> =
        (1..=people).map(|number| (-(1.0 - rng.random::<f64>()).ln() * f64::from(number).sqrt(), number)).collect();
    times.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    times.truncate(users as usize);
    let mut numbers: Vec<u32> = times.into_iter().map(|(_, number)| number).collect();
    numbers.shuffle(&mut rng);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn people_are_drawn_once_each_and_low_numbers_more_often() {
        let drawn = chosen(2_000, 20_000, 3);
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 2_000);
        assert!(drawn.iter().all(|number| (1..=20_000).contains(number)));
        let (low, high) =
            (drawn.iter().filter(|n| **n <= 5_000).count(), drawn.iter().filter(|n| **n > 15_000).count());
        assert!(low > 2 * high && high > 100, "{low} and {high}");
        assert_eq!(chosen(100, 20, 1).len(), 20, "no more than there are");
        assert_eq!(chosen(50, 1_000, 9), chosen(50, 1_000, 9));
    }
}
