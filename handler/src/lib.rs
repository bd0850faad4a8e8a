//! TravelMeetup's API as a library; `main.rs` is its command line.
pub mod clock;
pub mod error;
