//! Who they are, whom they know, and where they go.

/// Name, home city, home country, bio.
pub(super) const PEOPLE: &[[&str; 4]] = &[
    ["Ana Silva", "Lisbon", "Portugal", "Surfs before work."],
    ["Ben Okafor", "London", "United Kingdom", "Knows every night bus."],
    ["Chiara Rossi", "Rome", "Italy", "Will show you the good gelato."],
    ["David Kim", "New York", "USA", "Two subway stops from everything."],
    ["Emma Schmidt", "Berlin", "Germany", "Bicycle, rain or shine."],
    ["Farid Haddad", "Paris", "France", "Cooks for twelve or not at all."],
    ["Grace Tan", "Singapore", "Singapore", "Hawker centre guide."],
    ["Hiro Tanaka", "Tokyo", "Japan", "Trains, mostly."],
];

const ANA: usize = 0;
const BEN: usize = 1;
const CHIARA: usize = 2;
const DAVID: usize = 3;
const EMMA: usize = 4;
const FARID: usize = 5;
const GRACE: usize = 6;
const HIRO: usize = 7;

/// Who asked whom and was accepted.
pub(super) const CONNECTIONS: &[(usize, usize)] =
    &[(ANA, BEN), (CHIARA, ANA), (ANA, DAVID), (EMMA, ANA), (BEN, FARID), (CHIARA, FARID), (GRACE, BEN)];

/// Who asked whom and waits.
pub(super) const REQUESTS: &[(usize, usize)] = &[(HIRO, ANA), (ANA, GRACE)];

/// One plan.
#[derive(Clone, Copy)]
pub(super) struct Trip {
    /// Whose it is.
    pub(super) person: usize,
    /// Where to.
    pub(super) city: &'static str,
    /// In which country that is.
    pub(super) country: &'static str,
    /// It begins so many days from today.
    pub(super) from: i64,
    /// For so many days.
    pub(super) days: i64,
    /// What else there is to say.
    pub(super) description: &'static str,
}

/// Ana's journey to New York is the first plan: Ben comes too, and David lives there and stays at home.
pub(super) const PLANS: &[Trip] = &[
    trip(ANA, "New York", "USA", 14, 6, "Conference, then the galleries"),
    trip(BEN, "NEW YORK", "United States", 17, 5, "Jazz every night"),
    trip(DAVID, "Chicago", "USA", 40, 3, "Family"),
    trip(EMMA, "Lisbon", "Portugal", 30, 7, "Finally learning to surf"),
    trip(CHIARA, "Paris", "France", -1, 4, "Working from the left bank"),
    trip(ANA, "Berlin", "Germany", 60, 4, "Museums, and a bicycle to borrow"),
    trip(FARID, "London", "UK", 20, 3, "One dinner for twelve"),
    trip(GRACE, "Tokyo", "Japan", 45, 10, "Ramen, then more ramen"),
    trip(HIRO, "Lisbon", "Portugal", 31, 5, "Trams"),
    trip(ANA, "Rome", "Italy", -60, 5, "Too short"),
];

const fn trip(
    person: usize,
    city: &'static str,
    country: &'static str,
    from: i64,
    days: i64,
    description: &'static str,
) -> Trip {
    Trip { person, city, country, from, days, description }
}
