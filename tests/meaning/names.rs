//! One file under several names.

use crate::workspace::{found, ids, plan};

/// A file with a second name, and what a later phase installs under that name.
fn image(later: &str) -> String {
    format!(
        "[image]\n[[install]]\ndst = \"/d\"\ntext = \"one\\n\"\n[[hardlink]]\nlink = \"/m\"\ntarget = \"/d\"\n\
         [[hardlink]]\nlink = \"/n\"\ntarget = \"/m\"\n[[install]]\ndst = \"/n\"\ntext = \"{later}\"\nphase = \"finalize\"\n"
    )
}

#[test]
fn what_is_there_under_another_name_has_the_contents_of_the_file() {
    let files = |text: &str| [("top.image.toml", image(text))];
    let same = files("one\\n");
    let same = same.each_ref().map(|(name, text)| (*name, text.as_str()));
    assert_eq!(found(&same), [""; 0]);
    assert_eq!(ids(&plan(&same)), ["install:/d", "hardlink:/m", "hardlink:/n"]);
    let other = files("two\\n");
    assert_eq!(found(&other.each_ref().map(|(name, text)| (*name, text.as_str()))), ["overwrite path:/n"]);
}
