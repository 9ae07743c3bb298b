//! Facts of root file systems: the command, the sources that it reads, and images that stand on them.
#![allow(clippy::disallowed_methods, reason = "tests lay out what is read, and run the command")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]
#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]

mod roots {
    mod archives;
    mod command;
    mod databases;
    mod debian;
    mod directories;
    mod dpkg;
    mod ground;
    mod images;
    mod parents;
    mod words;
}
