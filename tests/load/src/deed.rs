//! What people do with the app, a request each.

/// One request's purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// How many notifications are unread: the app asks in the background.
    UnreadCount,
    /// The first page of notifications.
    Notifications,
    /// Who is where one goes with a plan that one has.
    PlanMatches,
    /// Who is in a city in a while.
    CityMatches,
    /// Who is at the conference.
    ConferenceMatches,
    /// One's own plans to come.
    MyPlans,
    /// The plans of one's connections.
    FriendsPlans,
    /// One's connections.
    Connections,
    /// Who wants to connect.
    Requests,
    /// A new plan.
    CreatePlan,
    /// Other days for a plan that one made.
    ChangePlan,
    /// A plan that one made goes.
    DeletePlan,
    /// The plan for the conference, once for each person.
    ConferencePlan,
    /// People by the beginning of a name.
    Search,
    /// The next pair of tokens.
    Refresh,
    /// A new session by password.
    Login,
    /// One's own profile, somebody's, or one's sessions.
    Profile,
}

/// How deeds are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// [`Deed::UnreadCount`], [`Deed::Notifications`]
    Notifications,
    /// [`Deed::PlanMatches`], [`Deed::CityMatches`], [`Deed::ConferenceMatches`]
    Matches,
    /// [`Deed::MyPlans`], [`Deed::FriendsPlans`]
    Plans,
    /// [`Deed::Connections`], [`Deed::Requests`]
    Connections,
    /// [`Deed::CreatePlan`], [`Deed::ChangePlan`], [`Deed::DeletePlan`], [`Deed::ConferencePlan`]
    PlanWrites,
    /// [`Deed::Search`]
    Search,
    /// [`Deed::Refresh`], [`Deed::Login`]
    Tokens,
    /// [`Deed::Profile`]
    Other,
}

impl Group {
    /// All groups, in the order of a report.
    pub const ALL: [Self; 8] = [
        Self::Notifications,
        Self::Matches,
        Self::Plans,
        Self::Connections,
        Self::PlanWrites,
        Self::Search,
        Self::Tokens,
        Self::Other,
    ];

    /// Its name in a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notifications => "notification polls",
            Self::Matches => "matches",
            Self::Plans => "plans",
            Self::Connections => "connections",
            Self::PlanWrites => "plan writes",
            Self::Search => "search",
            Self::Tokens => "refresh or login",
            Self::Other => "other",
        }
    }
}

impl Deed {
    /// Where a report tells of it.
    #[must_use]
    pub const fn group(self) -> Group {
        match self {
            Self::UnreadCount | Self::Notifications => Group::Notifications,
            Self::PlanMatches | Self::CityMatches | Self::ConferenceMatches => Group::Matches,
            Self::MyPlans | Self::FriendsPlans => Group::Plans,
            Self::Connections | Self::Requests => Group::Connections,
            Self::CreatePlan | Self::ChangePlan | Self::DeletePlan | Self::ConferencePlan => Group::PlanWrites,
            Self::Search => Group::Search,
            Self::Refresh | Self::Login => Group::Tokens,
            Self::Profile => Group::Other,
        }
    }

    /// The status of its success, besides a 304 to those who know the answer already.
    #[must_use]
    pub const fn success(self) -> u16 {
        match self {
            Self::CreatePlan | Self::ConferencePlan => 201,
            Self::DeletePlan => 204,
            _ => 200,
        }
    }
}
