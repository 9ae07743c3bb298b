//! What is read of the world: directories, archives, files, facts.
#![allow(clippy::unwrap_used)]

mod sources {
    mod archives;
    mod directories;
    mod facts;
    mod hand_made_tars;
    mod trees;
}
