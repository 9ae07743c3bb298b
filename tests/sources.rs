//! What is read of the world: directories, archives, files, facts.
#![allow(clippy::disallowed_methods, reason = "a test lays out what is read")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

mod sources {
    mod archives;
    mod directories;
    mod facts;
    mod hand_made_tars;
    mod trees;
}
