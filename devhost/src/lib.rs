//! local host
