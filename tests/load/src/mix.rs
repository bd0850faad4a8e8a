//! What people want, and how often.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::deed::Deed;

/// The whole of a mix.
pub const WHOLE: u32 = 1_000;

/// Deeds with their shares, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix(Vec<(Deed, u32)>);

impl Mix {
    /// These deeds with these shares, which have to add up to [`WHOLE`]; `None` if they don't.
    #[must_use]
    pub fn new(shares: &[(Deed, u32)]) -> Option<Self> {
        let sum: u32 = shares.iter().map(|(_, share)| share).sum();
        (sum == WHOLE).then(|| Self(shares.to_vec()))
    }

    /// The same, but for a share (at most [`WHOLE`]) that goes to another deed. What the others lose by rounding goes to
    /// that deed too.
    #[must_use]
    pub fn with(&self, deed: Deed, share: u32) -> Self {
        let kept = WHOLE - share.min(WHOLE);
        let mut shares: Vec<_> = self.0.iter().map(|(other, old)| (*other, old * kept / WHOLE)).collect();
        let others: u32 = shares.iter().map(|(_, share)| share).sum();
        shares.push((deed, WHOLE - others));
        Self(shares)
    }

    /// The same with one deed in the place of another.
    #[must_use]
    pub fn instead(&self, of: Deed, other: Deed) -> Self {
        Self(self.0.iter().map(|(deed, share)| (if *deed == of { other } else { *deed }, *share)).collect())
    }

    /// The deeds and their shares.
    #[must_use]
    pub fn shares(&self) -> &[(Deed, u32)] {
        &self.0
    }

    /// One of them, by chance.
    pub fn draw(&self, rng: &mut StdRng) -> Deed {
        let mut left = rng.random_range(0..WHOLE);
        for (deed, share) in &self.0 {
            if left < *share {
                return *deed;
            }
            left -= share;
        }
        // The shares add up to the whole, so nobody gets here.
        Deed::Profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn only_shares_of_a_whole_are_a_mix() {
        assert!(Mix::new(&[(Deed::Search, 999)]).is_none());
        assert!(Mix::new(&[(Deed::Search, 999), (Deed::Login, 2)]).is_none());
        assert!(Mix::new(&[(Deed::Search, 999), (Deed::Login, 1)]).is_some());
    }

    #[test]
    fn deeds_are_drawn_as_often_as_their_shares_say() {
        let mix = Mix::new(&[(Deed::Search, 700), (Deed::Login, 50), (Deed::Profile, 250)]).unwrap();
        let mut rng = StdRng::seed_from_u64(7);
        let drawn: Vec<_> = (0..100_000).map(|_| mix.draw(&mut rng)).collect();
        for (deed, share) in mix.shares() {
            let times = drawn.iter().filter(|drawn| *drawn == deed).count();
            let expected = *share as usize * 100;
            assert!(times.abs_diff(expected) < 600, "{deed:?}: {times} of {expected}");
        }
    }

    #[test]
    fn a_deed_that_joins_takes_its_share_of_all_others() {
        let mix = Mix::new(&[(Deed::Search, 600), (Deed::Login, 400)]).unwrap().with(Deed::ConferencePlan, 250);
        assert_eq!(mix.shares(), [(Deed::Search, 450), (Deed::Login, 300), (Deed::ConferencePlan, 250)]);
        let all = mix.with(Deed::Profile, 5_000);
        assert_eq!(all.shares().iter().map(|(_, share)| share).sum::<u32>(), WHOLE);
        assert_eq!(all.shares().last(), Some(&(Deed::Profile, WHOLE)));
    }
}
