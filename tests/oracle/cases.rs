//! Small images judged by hand from the contract's sentences; both the oracle and the engine have to agree with them.

/// The verdict, the sentence, the parent if there is one, and the manifest.
pub type Case = (&'static str, &'static str, Option<&'static str>, &'static str);

const YES: &str = "accepted";
const NO: &str = "rejected";
/// The contract does not say; listed so that it is seen.
const OPEN: &str = "open";

/// The account files, as other features of a manifest may follow them.
pub const ETC: &str = r#"
ensure_dir = [{ path = "/etc" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/etc/group" },
]
"#;

const A: &str = r#"install = [{ text = "one\n", dst = "/a" }]"#;
const D: &str = r#"ensure_dir = [{ path = "/d" }]"#;
const DX: &str = r#"
ensure_dir = [{ path = "/d" }]
install = [{ text = "one\n", dst = "/d/x" }]
"#;
const L_TO_D: &str = r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "/d" }]
"#;
const L_TO_DX: &str = r#"
ensure_dir = [{ path = "/d" }]
install = [{ text = "one\n", dst = "/d/x" }]
symlink = [{ link = "/l", target = "d" }]
"#;
const WEB: &str = r#"
ensure_dir = [{ path = "/etc" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/etc/group" },
]
user = [{ name = "web" }]
"#;

/// Cases about files, directories and links.
#[rustfmt::skip] // One case a line, or as its manifest needs.
pub const PATHS: &[Case] = &[
    (YES, "an empty image is an image", None, ""),
    (YES, "a file goes into /, which is always there", None, A),
    (NO, "a file needs its parent directory", None, r#"install = [{ text = "one", dst = "/a/b" }]"#),
    (YES, "a parent may be implied", None, r#"install = [{ text = "one", dst = "/a/b/c", parents = true }]"#),
    (YES, "ensure_dir makes its parents", None, r#"ensure_dir = [{ path = "/a/b/c" }]"#),
    (NO, "unless it must not", None, r#"ensure_dir = [{ path = "/a/b", parents = false }]"#),
    (NO, "the parent may not be a file", None, r#"install = [{ text = "one", dst = "/a" }, { text = "one", dst = "/a/b" }]"#),
    (NO, "nor may an implied directory be", None, r#"
install = [{ text = "one", dst = "/a" }]
ensure_dir = [{ path = "/a/b" }]
"#),
    (YES, "equal files are one", None, r#"install = [{ text = "one", dst = "/a" }, { text = "one", dst = "/a" }]"#),
    (NO, "different texts conflict", None, r#"install = [{ text = "one", dst = "/a" }, { text = "two", dst = "/a" }]"#),
    (NO, "a source and a text conflict", None, r#"install = [{ src = "x.conf", dst = "/a" }, { text = "one", dst = "/a" }]"#),
    (YES, "a mode that is not given does not conflict", None, r#"install = [{ text = "one", dst = "/a" }, { text = "one", dst = "/a", mode = "0600" }]"#),
    (NO, "two modes that are given do", None, r#"install = [{ text = "one", dst = "/a", mode = "0644" }, { text = "one", dst = "/a", mode = "0600" }]"#),
    (NO, "directories of different modes conflict", None, r#"ensure_dir = [{ path = "/d", mode = "0700" }, { path = "/d", mode = "0755" }]"#),
    (YES, "an implied directory does not", None, r#"ensure_dir = [{ path = "/d", mode = "0700" }, { path = "/d/x" }]"#),
    (NO, "a file and a directory conflict", None, r#"
install = [{ text = "one", dst = "/d" }]
ensure_dir = [{ path = "/d" }]
"#),
    (NO, "a missing user is missing", None, r#"install = [{ text = "one", dst = "/a", user = "web" }]"#),
    (YES, "root is always there", None, r#"install = [{ text = "one", dst = "/a", user = "root", group = "root" }]"#),
    (YES, "spellings are one place", None, r#"install = [{ text = "one", dst = "/a" }, { text = "one", dst = "//./a" }]"#),
    (YES, "a file through a link is where the link leads", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "/d" }]
install = [{ text = "one", dst = "/l/x" }, { text = "one", dst = "/d/x" }]
"#),
    (NO, "so two spellings conflict", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "/d" }]
install = [{ text = "one", dst = "/l/x" }, { text = "two", dst = "/d/x" }]
"#),
    (YES, "a directory where a link stands is where it leads", None, r#"
ensure_dir = [{ path = "/d" }, { path = "/l" }]
symlink = [{ link = "/l", target = "/d" }]
"#),
    (YES, "even if nothing else is there", None, r#"
ensure_dir = [{ path = "/l" }]
symlink = [{ link = "/l", target = "/d" }]
"#),
    (YES, "implied directories are made where links lead", None, r#"
ensure_dir = [{ path = "/l/x" }]
symlink = [{ link = "/l", target = "/d/e", expect = "directory" }]
"#),
    (NO, "a file where a link stands is in its way", None, r#"
install = [{ text = "one", dst = "/l" }, { text = "one", dst = "/a" }]
symlink = [{ link = "/l", target = "/a" }]
"#),
    (NO, "a link needs its target", None, r#"symlink = [{ link = "/l", target = "/nowhere" }]"#),
    (YES, "unless nothing is expected", None, r#"symlink = [{ link = "/l", target = "/nowhere", expect = "nothing" }]"#),
    (YES, "or it is under /dev", None, r#"symlink = [{ link = "/l", target = "/dev/null", expect = "file" }]"#),
    (NO, "a link to a file may not lead to a directory", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "/d", expect = "file" }]
"#),
    (YES, "a target may lie below its link's own directory", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/d/l", target = "x" }]
install = [{ text = "one", dst = "/d/x" }]
"#),
    (YES, "two dots at the root stay there", None, r#"
install = [{ text = "one", dst = "/a" }]
symlink = [{ link = "/l", target = "../../a", expect = "file" }]
"#),
    (YES, "a chain of links is followed", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "m" }, { link = "/m", target = "/d" }]
install = [{ text = "one", dst = "/l/x" }]
require = [{ files = ["/d/x", "/m/x"] }]
"#),
    (YES, "a link inside another is where that leads", None, r#"
ensure_dir = [{ path = "/d" }]
symlink = [{ link = "/l", target = "/d" }, { link = "/l/m", target = "x" }]
install = [{ text = "one", dst = "/d/x" }]
require = [{ files = ["/d/m"] }]
"#),
    (NO, "a loop leads nowhere", None, r#"symlink = [{ link = "/l", target = "/m" }, { link = "/m", target = "/l" }]"#),
    (NO, "not even for a directory", None, r#"
ensure_dir = [{ path = "/l" }]
symlink = [{ link = "/l", target = "l", expect = "nothing" }]
"#),
    (OPEN, "a loop that nothing follows", None, r#"symlink = [{ link = "/l", target = "l", expect = "nothing" }]"#),
    (NO, "a link cannot hold its own directory", None, r#"
ensure_dir = [{ path = "/l" }]
symlink = [{ link = "/l/x", target = "/l", expect = "nothing" }, { link = "/l", target = "/l/x", expect = "nothing" }]
"#),
    (YES, "a hard link comes after its file", None, r#"
install = [{ text = "one", dst = "/a" }]
hardlink = [{ link = "/h", target = "/a" }]
"#),
    (YES, "also through a link", None, r#"
install = [{ text = "one", dst = "/a" }]
symlink = [{ link = "/l", target = "a" }]
hardlink = [{ link = "/h", target = "/l" }, { link = "/h", target = "/a" }]
"#),
    (NO, "it may not be of a directory", None, r#"
ensure_dir = [{ path = "/d" }]
hardlink = [{ link = "/h", target = "/d" }]
"#),
    (NO, "nor of itself", None, r#"hardlink = [{ link = "/h", target = "/h" }]"#),
    (NO, "nor of each other", None, r#"hardlink = [{ link = "/h", target = "/k" }, { link = "/k", target = "/h" }]"#),
    (NO, "a requirement is an edge: circles are none", None, r#"install = [{ text = "one", dst = "/a", requires = ["/d"] }, { text = "one", dst = "/d", requires = ["/a"] }]"#),
    (NO, "a feature may not require itself", None, r#"install = [{ text = "one", dst = "/a", requires = ["/a"] }]"#),
    (NO, "an executable has to be executable", None, r#"
install = [{ text = "one", dst = "/a" }]
require = [{ executables = ["/a"] }]
"#),
    (YES, "and then it is", None, r#"
install = [{ text = "one", dst = "/a", mode = "0755" }]
require = [{ executables = ["/a"] }]
"#),
];

/// Cases about parents, phases and removals.
#[rustfmt::skip]
pub const LAYERS: &[Case] = &[
    (YES, "what is there is satisfied", Some(A), A),
    (NO, "what differs is overwritten", Some(A), r#"install = [{ text = "two\n", dst = "/a" }]"#),
    (NO, "a given mode that differs, too", Some(A), r#"install = [{ text = "one\n", dst = "/a", mode = "0600" }]"#),
    (YES, "a given mode that is the parent's default is the same", Some(A), r#"install = [{ text = "one\n", dst = "/a", mode = "0644" }]"#),
    (
        YES,
        "a directory of another mode satisfies one without",
        Some(r#"ensure_dir = [{ path = "/d", mode = "0700" }]"#),
        D,
    ),
    (NO, "a directory may not become a link", Some(D), r#"symlink = [{ link = "/d", target = "/e", expect = "nothing" }]"#),
    (YES, "a link of the parent is followed", Some(L_TO_D), r#"install = [{ text = "one", dst = "/l/x" }]"#),
    (NO, "also to a conflict", Some(L_TO_DX), r#"install = [{ text = "two", dst = "/l/x" }]"#),
    (NO, "a link of the parent keeps its text", Some(L_TO_D), r#"symlink = [{ link = "/l", target = "d" }]"#),
    (YES, "an equal link is satisfied", Some(L_TO_D), r#"symlink = [{ link = "/l", target = "/d" }]"#),
    (
        NO,
        "a parent's mistake is the child's",
        Some(r#"install = [{ text = "one", dst = "/d/x" }]"#),
        "",
    ),
    (YES, "what was removed may come again", Some(A), r#"
remove = [{ path = "/a" }]
install = [{ text = "two", dst = "/a" }]
"#),
    (NO, "nothing cannot be removed", None, r#"remove = [{ path = "/a" }]"#),
    (YES, "unless it need not exist", None, r#"remove = [{ path = "/a", must_exist = false }]"#),
    (NO, "what is removed in main may not be provided there", Some(A), r#"
remove = [{ path = "/a", phase = "main" }]
install = [{ text = "two", dst = "/a" }]
"#),
    (NO, "nor anything below it", Some(D), r#"
remove = [{ path = "/d", phase = "main" }]
install = [{ text = "two", dst = "/d/x" }]
"#),
    (YES, "a directory is removed after what is below it", Some(DX), r#"remove = [{ path = "/d" }, { path = "/d/x" }]"#),
    (NO, "without recursion it has to be empty", Some(DX), r#"remove = [{ path = "/d", recursive = false }]"#),
    (YES, "and may become so", Some(DX), r#"remove = [{ path = "/d", recursive = false }, { path = "/d/x" }]"#),
    (YES, "a link is removed, not what it leads to", Some(L_TO_DX), r#"
remove = [{ path = "/l" }]
require = [{ files = ["/d/x"] }]
"#),
    (YES, "what is below a link is removed before it", Some(L_TO_DX), r#"remove = [{ path = "/l/x" }, { path = "/l" }]"#),
    (NO, "what a later phase provides is too late", None, r#"
ensure_dir = [{ path = "/d", phase = "finalize" }]
install = [{ text = "one", dst = "/d/x" }]
"#),
    (YES, "what an earlier one provides is there", None, r#"
ensure_dir = [{ path = "/d", phase = "removals" }]
install = [{ text = "one", dst = "/d/x" }]
"#),
    (NO, "a target has to be there at the end of its phase", None, r#"
install = [{ text = "one", dst = "/a", phase = "finalize" }]
symlink = [{ link = "/l", target = "/a" }]
"#),
    (NO, "and at the end of the image", Some(A), r#"
symlink = [{ link = "/l", target = "/a" }]
remove = [{ path = "/a", phase = "finalize" }]
"#),
    (OPEN, "a link that goes with its target", Some(A), r#"
symlink = [{ link = "/l", target = "/a" }]
remove = [{ path = ["/a", "/l"], phase = "finalize" }]
"#),
    (YES, "a hard link is made before its target is removed", Some(A), r#"
hardlink = [{ link = "/h", target = "/a", phase = "removals" }]
remove = [{ path = "/a" }]
"#),
    (YES, "an equal hard link is satisfied", Some(r#"
install = [{ text = "one", dst = "/a" }]
hardlink = [{ link = "/h", target = "/a" }]
"#), r#"hardlink = [{ link = "/h", target = "/a" }]"#),
];

/// Cases about users and groups; each follows [`ETC`], in its parent if it has one.
#[rustfmt::skip]
pub const ACCOUNTS: &[Case] = &[
    (YES, "a user implies its group", None, r#"
user = [{ name = "web" }]
require = [{ users = ["web"], groups = ["web"] }]
"#),
    (NO, "a group that is given has to exist", None, r#"user = [{ name = "web", group = "db" }]"#),
    (NO, "also one of the user's own name", None, r#"user = [{ name = "web", group = "web" }]"#),
    (YES, "and then it may", None, r#"
user = [{ name = "web", group = "db", groups = ["web"] }]
group = [{ name = ["db", "web"] }]
"#),
    (YES, "a bare user repeats any user of that name", None, r#"user = [{ name = "web" }, { name = "web", uid = 600, home = "/" }]"#),
    (NO, "two numbers for one user conflict", None, r#"user = [{ name = "web", uid = 600 }, { name = "web", uid = 601 }]"#),
    (NO, "one number for two users is one too many", None, r#"user = [{ name = "web", uid = 600 }, { name = "db", uid = 600 }]"#),
    (NO, "also across phases", None, r#"user = [{ name = "web", uid = 600 }, { name = "db", uid = 600, phase = "finalize" }]"#),
    (YES, "a home may be /", None, r#"user = [{ name = "web", home = "/" }]"#),
    (NO, "a home that is given has to exist", None, r#"user = [{ name = "web", home = "/srv" }]"#),
    (YES, "except /nonexistent", None, r#"user = [{ name = "web", home = "/nonexistent" }]"#),
    (NO, "a shell that is given has to exist", None, r#"user = [{ name = "web", shell = "/bin/sh" }]"#),
    (YES, "an explicit group stands for the implied one", None, r#"
user = [{ name = "web" }]
group = [{ name = "web", gid = 700 }]
"#),
    (NO, "but not when it comes too late to have its number", None, r#"
user = [{ name = "web" }]
group = [{ name = "web", gid = 700, phase = "finalize" }]
"#),
    (YES, "without a number it is the same group", None, r#"
user = [{ name = "web" }]
group = [{ name = "web", phase = "finalize" }]
"#),
    (YES, "a bare user is satisfied by the parent's", Some(WEB), r#"user = [{ name = "web" }]"#),
    (NO, "one with another number is not", Some(WEB), r#"user = [{ name = "web", uid = 600 }]"#),
    (NO, "nor one with a supplementary group it has not", Some(WEB), r#"
user = [{ name = "web", groups = ["db"] }]
group = [{ name = "db" }]
"#),
    (YES, "a file that steps have edited is still the same feature's", Some(WEB), r#"install = [{ text = "root:x:0:\n", dst = "/etc/group" }]"#),
    (NO, "a user in a later phase owns nothing yet", None, r#"
user = [{ name = "web", phase = "finalize" }]
hardlink = [{ link = "/h", target = "/etc/passwd", requires = ["user:web"] }]
"#),
];

/// Images from scratch, complete as they are.
#[rustfmt::skip]
pub const WHOLE: &[Case] = &[
    (NO, "a user needs the account files", None, r#"user = [{ name = "web" }]"#),
    (NO, "and a group hers", None, r#"group = [{ name = "web" }]"#),
    (NO, "the account file cannot belong to an account", None, r#"
ensure_dir = [{ path = "/etc" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd", user = "web" },
    { text = "root:x:0:\n", dst = "/etc/group" },
]
user = [{ name = "web" }]
"#),
    (YES, "a home owned by its user is no circle", None, r#"
ensure_dir = [{ path = "/etc" }, { path = "/srv/web", user = "web", group = "web" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/etc/group" },
]
user = [{ name = "web", home = "/srv/web" }]
"#),
    (NO, "an ordered requirement of it is", None, r#"
ensure_dir = [{ path = "/etc" }, { path = "/srv/web", user = "web" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/etc/group" },
]
user = [{ name = "web", home = "/srv/web", requires = ["/srv/web"] }]
"#),
    (YES, "the account files may be behind a link", None, r#"
ensure_dir = [{ path = "/usr/etc" }]
symlink = [{ link = "/etc", target = "usr/etc" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/usr/etc/group" },
]
user = [{ name = "web" }]
"#),
    (NO, "a shell has to be executable", None, r#"
ensure_dir = [{ path = "/etc" }]
install = [
    { text = "root:x:0:0:root:/root:/bin/sh\n", dst = "/etc/passwd" },
    { text = "root:x:0:\n", dst = "/etc/group" },
    { text = "sh", dst = "/sh", mode = "0644" },
]
user = [{ name = "web", shell = "/sh" }]
"#),
];

/// All cases as (verdict, sentence, parent's manifest, manifest), complete.
pub fn all() -> Vec<(&'static str, &'static str, Option<String>, String)> {
    let whole = PATHS.iter().chain(LAYERS).chain(WHOLE);
    let mut all: Vec<_> = whole
        .map(|(verdict, why, parent, text)| (*verdict, *why, parent.map(str::to_owned), (*text).to_owned()))
        .collect();
    for (verdict, why, parent, text) in ACCOUNTS {
        all.push(match parent {
            Some(parent) => (verdict, why, Some((*parent).to_owned()), (*text).to_owned()),
            None => (verdict, why, None, format!("{ETC}{text}")),
        });
    }
    all
}
