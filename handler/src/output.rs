//! What a command tells whoever called it, line by line on the standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};

/// Prints a line. Whoever has stopped reading, as `head` does, wants no more: that is no error. Any other is the caller's.
pub fn say(line: impl Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
