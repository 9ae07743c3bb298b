//! Facts of root file systems: the command, the sources that it reads, and images that stand on them.
#![allow(clippy::disallowed_methods, reason = "tests lay out what is read, and run the command")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

mod roots {
    mod archives;
    mod command;
    mod directories;
    mod dpkg;
    mod ground;
    mod parents;
}
