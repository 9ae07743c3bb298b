//! Every fix, once: for which finding, what it does, whether it may be made without asking.

mod accounts;
mod clashes;
mod lints;
mod model;
mod needs;
mod values;

use super::task::{Draft, Task};
use crate::catalog::Code;

/// One way out of one sort of finding.
pub struct Rule {
    /// The finding.
    pub code: Code,
    /// What is done, in the words of `docs/fixes.md`.
    pub does: &'static str,
    /// Whether it is made without asking, once it is verified.
    pub safe: bool,
    pub(super) draft: fn(&Task<'_>) -> Draft,
}

macro_rules! rules {
    ($($code:ident $safety:ident $does:literal $draft:path;)*) => {
        /// Every rule, by code; of one code the likeliest first.
        pub const RULES: &[Rule] = &[$(Rule { code: Code::$code, does: $does, safe: safety::$safety, draft: $draft }),*];
    };
}

/// The words of the table below.
#[allow(non_upper_case_globals, reason = "the table reads as a table")]
mod safety {
    pub const safe: bool = true;
    pub const unsafe_: bool = false;
}

rules! {
    Conflict unsafe_ "write the value of the other one" clashes::agree;
    Conflict unsafe_ "delete this one of the two" clashes::delete_this;
    Conflict unsafe_ "delete the other one of the two" clashes::delete_other;
    Cycle unsafe_ "delete a `requires` of the circle" clashes::delete_requirement;
    DanglingLink unsafe_ "add an `allow`" lints::allow;
    Duplicate safe "delete the second declaration" clashes::delete_duplicate;
    DuplicateKey safe "delete the second key, if both have the same value" model::delete_equal_key;
    DuplicateKey unsafe_ "delete the second key" model::delete_second_key;
    DuplicateKey unsafe_ "delete the first key" model::delete_first_key;
    FileCycle safe "delete what names the file itself" clashes::delete_own_name;
    FileCycle unsafe_ "delete a reference of the circle" clashes::delete_reference;
    IdConflict unsafe_ "delete the number, so that another one is allocated" accounts::delete_number;
    ImpliedOwner safe "add an `ensure_dir` that belongs to the owner of the directory above" needs::add_owned_directory;
    InvalidValue safe "write the mode, path or word that was meant" values::write_meant;
    InvalidValue safe "delete an `allow` that cannot be" values::delete_allow;
    InvalidValue unsafe_ "write one of several values that may be meant" values::write_possible;
    LikelyMissing unsafe_ "rename it to the name that was meant" needs::rename_likely;
    LikelyMissing unsafe_ "add an `assume`, with a reason to fill in" needs::assume;
    LikelyMissing unsafe_ "let the command run in phase `finalize`" needs::run_last;
    Mismatch safe "make the program executable where it is declared" needs::make_executable;
    Mismatch unsafe_ "make the program executable in the parent" needs::make_executable_in_parent;
    Mismatch unsafe_ "set `recursive = true`" needs::remove_all_below;
    Missing safe "rename a slip to the name that was meant" needs::rename_slip;
    Missing safe "set `parents = true` where a whole chain of directories is missing" needs::make_parents;
    Missing safe "add an `ensure_dir`, with the owner that a home or the directories beside it tell" needs::add_directory;
    Missing safe "declare the user or group, next to its like" accounts::declare;
    Missing unsafe_ "rename it to a similar name" needs::rename_similar;
    Missing unsafe_ "declare the user or group, although there is a similar one" accounts::declare_similar;
    Missing unsafe_ "add an `ensure_dir`, although a directory has a similar name" needs::add_directory_anyway;
    Missing unsafe_ "set `parents = true`, although a directory has a similar name" needs::make_parents_anyway;
    Missing unsafe_ "set `must_exist = false`" needs::need_not_exist;
    Missing unsafe_ "set `expect = \"nothing\"`" needs::expect_nothing;
    Missing unsafe_ "add an `assume`, with a reason to fill in" needs::assume;
    MissingFile safe "rename a slip to the file that was meant" model::rename_file;
    MissingFile unsafe_ "rename it to a file with a similar name" model::rename_similar_file;
    MissingFile unsafe_ "delete the `include`" model::delete_include;
    Overwrite unsafe_ "set `replace = true`" clashes::set_replace;
    Overwrite unsafe_ "delete the feature" clashes::delete_this;
    Setuid unsafe_ "take the setuid and setgid bits away" lints::without_privileges;
    Setuid unsafe_ "add an `allow`" lints::allow;
    SymlinkLoop unsafe_ "delete the link" clashes::delete_this;
    Syntax unsafe_ "close a string at the end of its line" model::close_string;
    UnknownKey safe "rename a mistyped key" model::rename_key;
    UnknownKey unsafe_ "rename a key of another tool" model::rename_foreign_key;
    UnknownKey unsafe_ "delete the key" model::delete_key;
    UnknownKind safe "rename a mistyped kind" model::rename_kind;
    UnknownKind unsafe_ "rename a kind of another tool" model::rename_foreign_kind;
    UnorderedCommands unsafe_ "let one provide a `virtual:` that the other requires" clashes::order_commands;
    UnpinnedId safe "write the number that is allocated" accounts::write_number;
    Unproven unsafe_ "add an `assume`, with a reason to fill in" needs::assume;
    UnusedAllow safe "delete it" lints::delete_unused;
    UnusedAssume safe "delete it" lints::delete_assumption;
    UnusedReplace safe "delete it" lints::delete_unused;
    UnusualName unsafe_ "rename it, also where it is used in the file" accounts::rename_unusual;
    UnusualName unsafe_ "add an `allow`" lints::allow;
    WorldWritable unsafe_ "take the right to write away from others" lints::not_for_others;
    WorldWritable unsafe_ "set the sticky bit of a directory" lints::sticky;
    WorldWritable unsafe_ "add an `allow`" lints::allow;
    WrongType safe "convert the value where its meaning is certain" values::convert;
    WrongType unsafe_ "split a command line into words" values::split_words;
    WrongType unsafe_ "make a command line a `script`" values::make_script;
}
