//! The command line of the handler.
fn main() {}
