//! How the schema of a database stands to this build, and whether that is good enough to serve from.
//!
//! Two builds are up at once while one takes over from the other, and the newer one's migrations are applied before either
//! knows. Each migration therefore says for which builds the schema stays good: docs/adr/0018-the-package.md.

use time::OffsetDateTime;

/// One line of `handler migrate --status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The migration's number.
    pub version: i32,
    /// The migration's name.
    pub name: String,
    /// How it stands in the database.
    pub state: StepState,
}

/// How a migration stands in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Applied at this time, with the text that this build has.
    Applied(OffsetDateTime),
    /// Not applied yet.
    Pending,
    /// Applied with another text than this build has.
    Changed,
    /// Applied by a newer build.
    Unknown {
        /// The newest migration of the oldest build that may serve with it; none if it takes a build that knows the step.
        oldest_build: Option<i32>,
    },
}

/// Whether a database has the schema that this build was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// It has.
    Current,
    /// Migrations are missing, from this version on.
    Behind(i32),
    /// A newer build migrated it up to this version, and each step says that this build may go on.
    Expanded(i32),
    /// It was migrated by a newer build, up to this version.
    Ahead(i32),
    /// This applied migration has another text than in this build.
    Changed(i32),
}

impl SchemaState {
    /// Whether this build may serve from it.
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, Self::Current | Self::Expanded(_))
    }

    /// The state of a database with these steps: all that this build knows, and all that were applied.
    pub(super) fn of(steps: &[Step]) -> Self {
        let first = |wanted: StepState| steps.iter().find(|step| step.state == wanted).map(|step| step.version);
        let (known, unknown): (Vec<_>, Vec<_>) =
            steps.iter().partition(|step| !matches!(step.state, StepState::Unknown { .. }));
        let own = known.iter().map(|step| step.version).max();
        let admits_us = |step: &&Step| match step.state {
            StepState::Unknown { oldest_build } => oldest_build.is_some() && oldest_build <= own,
            _ => true,
        };
        let newest = unknown.iter().map(|step| step.version).max();
        let (changed, pending) = (first(StepState::Changed), first(StepState::Pending));
        match newest {
            // A step that is missing below one that isn't was never tried by anybody.
            Some(newest) if pending.is_some() || !unknown.iter().all(admits_us) => Self::Ahead(newest),
            _ => match (changed, pending, newest) {
                (Some(version), _, _) => Self::Changed(version),
                (None, Some(version), _) => Self::Behind(version),
                (None, None, Some(version)) => Self::Expanded(version),
                (None, None, None) => Self::Current,
            },
        }
    }
}

impl std::fmt::Display for SchemaState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current => write!(formatter, "the schema is current"),
            Self::Behind(version) => write!(formatter, "migration {version:04} is not applied: run `handler migrate`"),
            Self::Expanded(version) => {
                write!(formatter, "the schema is at {version:04}, newer than this build, which may still serve from it")
            }
            Self::Ahead(version) => {
                write!(formatter, "the schema is at {version:04}, newer than this build: deploy the newer build")
            }
            Self::Changed(version) => {
                write!(formatter, "migration {version:04} was applied with another text: never edit an applied one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLIED: StepState = StepState::Applied(OffsetDateTime::UNIX_EPOCH);

    const fn from(oldest_build: i32) -> StepState {
        StepState::Unknown { oldest_build: Some(oldest_build) }
    }

    /// The state of a database with these steps, numbered from 1.
    fn state<const STEPS: usize>(states: [StepState; STEPS]) -> SchemaState {
        let steps = states.into_iter().zip(1..).map(|(state, version)| Step { version, name: String::new(), state });
        SchemaState::of(&steps.collect::<Vec<_>>())
    }

    #[test]
    fn security_29_a_newer_schema_is_served_from_if_every_newer_step_says_so() {
        assert_eq!(state([APPLIED, APPLIED]), SchemaState::Current);
        assert_eq!(state([APPLIED, APPLIED, from(0)]), SchemaState::Expanded(3));
        assert_eq!(state([APPLIED, APPLIED, from(2), from(1)]), SchemaState::Expanded(4));
        assert_eq!(state([APPLIED, APPLIED, from(2), from(3)]), SchemaState::Ahead(4), "it takes away what 2 needs");
        let unsaid = StepState::Unknown { oldest_build: None };
        assert_eq!(state([APPLIED, APPLIED, unsaid.clone(), from(0)]), SchemaState::Ahead(4));
        for state in [state([APPLIED, StepState::Pending]), state([APPLIED, unsaid]), state([StepState::Changed])] {
            assert!(!state.is_served(), "{state}");
        }
    }

    #[test]
    fn what_is_wrong_with_our_own_steps_counts_as_before() {
        assert_eq!(state([APPLIED, StepState::Changed, from(0)]), SchemaState::Changed(2));
        assert_eq!(state([APPLIED, StepState::Pending, from(0)]), SchemaState::Ahead(3), "never applied out of order");
        assert_eq!(state([StepState::Changed, StepState::Pending]), SchemaState::Changed(1));
        assert_eq!(state([APPLIED, StepState::Pending, StepState::Pending]), SchemaState::Behind(2));
    }
}
