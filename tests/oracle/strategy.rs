//! Makes small images for the laws: few paths, few names, many ways to get into each other's way.

use proptest::prelude::*;
use proptest::sample::select;

use super::features::{Account, Expect, Feature, Given, Image, Phase, Source, What};
use super::judge::{Verdict, try_all_orders};

/// What the images' /etc/passwd says.
pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n";
/// What the images' /etc/group says.
pub const GROUP: &str = "root:x:0:\n";

fn path() -> impl Strategy<Value = String> {
    select(vec![
        "/a", "/a", "/a/b", "/a/c", "/d", "/d", "/d/x", "/l", "/l", "/l/x", "/l/m", "/m", "/m/x", "/d/l", "/d/l/x",
    ])
    .prop_map(str::to_owned)
}

fn target() -> impl Strategy<Value = String> {
    select(vec![
        "/a",
        "/a",
        "/d",
        "/d",
        "a",
        "d",
        "/a/b",
        "/d/x",
        "a/b",
        "x",
        "../a",
        "../d",
        "../../d",
        "/l",
        "l",
        "/m",
        "/l/x",
        "/d/l",
        "/",
        ".",
        "..",
        "/nowhere",
        "/dev/null",
        "/d/../a",
        "d//x/",
    ])
    .prop_map(str::to_owned)
}

fn sometimes<T: Clone + std::fmt::Debug + 'static>(weight: u32, values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![10 - weight => Just(None), weight => select(values).prop_map(Some)]
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["web", "web", "db"]).prop_map(str::to_owned)
}

fn owner() -> impl Strategy<Value = Option<String>> {
    sometimes(2, vec!["web".to_owned(), "db".to_owned(), "root".to_owned()])
}

fn given(modes: Vec<u32>) -> impl Strategy<Value = Given> {
    (sometimes(2, modes), owner(), owner()).prop_map(|(mode, user, group)| Given { mode, user, group })
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        3 => select(vec!["one\n", "one\n", "two\n"]).prop_map(|text| Source::Text(text.to_owned())),
        1 => select(vec!["x.conf", "y.conf"]).prop_map(|name| Source::File(name.to_owned())),
    ]
}

fn what(accounts: bool) -> BoxedStrategy<What> {
    let install = (path(), source(), given(vec![0o644, 0o755, 0o600])).prop_map(|(dst, source, given)| What::Install {
        dst,
        source,
        given,
    });
    let ensure_dir = (path(), given(vec![0o755, 0o700])).prop_map(|(path, given)| What::EnsureDir { path, given });
    let expects = vec![Expect::Any, Expect::File, Expect::Directory, Expect::Nothing, Expect::Nothing];
    let symlink = (path(), target(), sometimes(5, expects)).prop_map(|(link, target, expect)| What::Symlink {
        link,
        target,
        expect,
    });
    let hardlink = (path(), path()).prop_map(|(link, target)| What::Hardlink { link, target });
    let remove = (path(), sometimes(4, vec![true, false]), sometimes(2, vec![true, false]))
        .prop_map(|(path, must_exist, recursive)| What::Remove { path, must_exist, recursive });
    let lists = select(vec!["files", "directories", "executables"]);
    let require = (lists, path()).prop_map(|(list, entry)| What::Require { list, entry });
    let require_account =
        (select(vec!["users", "groups"]), name()).prop_map(|(list, entry)| What::Require { list, entry });
    let user = (
        name(),
        sometimes(2, vec![600, 601]),
        sometimes(2, vec!["web".to_owned(), "db".to_owned(), "root".to_owned()]),
        sometimes(1, vec!["web".to_owned(), "db".to_owned()]),
        sometimes(3, vec!["/a".to_owned(), "/d".to_owned(), "/l/x".to_owned(), "/nonexistent".to_owned()]),
        sometimes(2, vec!["/a".to_owned(), "/a/b".to_owned(), "/l".to_owned()]),
    )
        .prop_map(|(name, uid, group, groups, home, shell)| {
            What::User(Account { name, uid, group, groups, home, shell })
        });
    let group = (name(), sometimes(2, vec![700])).prop_map(|(name, gid)| What::Group { name, gid });
    let files = prop_oneof![
        5 => install,
        4 => ensure_dir,
        9 => symlink,
        4 => hardlink,
        3 => remove,
        1 => require,
    ];
    if accounts { prop_oneof![7 => files, 3 => user, 1 => group, 1 => require_account].boxed() } else { files.boxed() }
}

/// One feature, mostly in its own phase.
pub fn feature(accounts: bool) -> impl Strategy<Value = Feature> {
    let phase = sometimes(1, vec![Phase::Main, Phase::Main, Phase::Removals, Phase::Finalize]);
    let references: Vec<String> = ["/a", "/d", "/l", "/d/x", "user:web", "group:db"].map(str::to_owned).into();
    let references = if accounts { references } else { references[..4].to_vec() };
    (what(accounts), phase, sometimes(2, vec![true, false]), sometimes(1, references)).prop_map(
        |(what, phase, parents, requires)| {
            let mut feature = Feature { phase, ..Feature::new(what) };
            if feature.placed().is_some() {
                feature.parents = parents;
            }
            feature.requires = requires.into_iter().collect();
            feature
        },
    )
}

/// What an image needs before it can have users.
pub fn account_files() -> Vec<Feature> {
    let install = |dst: &str, text: &str| {
        Feature::new(What::Install { dst: dst.into(), source: Source::Text(text.into()), given: Given::default() })
    };
    let etc = Feature::new(What::EnsureDir { path: "/etc".into(), given: Given::default() });
    vec![etc, install("/etc/passwd", PASSWD), install("/etc/group", GROUP)]
}

/// As many of the features as go together, tried in turn until no more do: what one needs may stand after it.
fn that_go_together(parent: Option<&Image>, start: Vec<Feature>, candidates: &[Feature], most: usize) -> Vec<Feature> {
    let mut image = Image { name: "try".into(), parent: parent.cloned().map(Box::new), features: start };
    let most = image.features.len() + most;
    let mut left: Vec<&Feature> = candidates.iter().collect();
    loop {
        let before = left.len();
        left.retain(|feature| {
            if image.features.len() >= most {
                return true;
            }
            image.features.push((*feature).clone());
            let fits = matches!(try_all_orders(&image), Verdict::Accepted(_));
            if !fits {
                image.features.pop();
            }
            !fits
        });
        if left.len() == before {
            return image.features;
        }
    }
}

/// Images of up to 7 features and the account files, a third of them with accounts, two of five on a parent. Most are made
/// of features that go together, half of those with one more that may not: mistakes are found at the border.
pub fn image() -> impl Strategy<Value = Image> {
    let features = |accounts: bool, most: usize| proptest::collection::vec(feature(accounts), 2..=most);
    (0..3_u8, 0..5_u8, 0..10_u8, 0..8_u8).prop_flat_map(move |(accounts, parent, files, how)| {
        let accounts = accounts == 2;
        let parents = if parent < 2 { features(accounts, 10).prop_map(Some).boxed() } else { Just(None).boxed() };
        (features(accounts, 16), parents).prop_map(move |(own, below)| {
            // Mostly the account files are there where they are needed; sometimes an author forgot them.
            let files = || {
                if accounts && files > 0 { account_files() } else { Vec::new() }
            };
            let from_scratch = below.is_none();
            let parent = below.map(|candidates| {
                let features = if how == 0 {
                    files().into_iter().chain(candidates.into_iter().take(3)).collect()
                } else {
                    that_go_together(None, files(), &candidates, 5)
                };
                Image { name: "base".into(), parent: None, features }
            });
            let start = if from_scratch { files() } else { Vec::new() };
            let features = if how < 2 {
                start.into_iter().chain(own.into_iter().take(7)).collect()
            } else {
                let (odd, candidates) = own.split_at(usize::from(how > 4));
                let mut features = that_go_together(parent.as_ref(), start, candidates, 7);
                features.extend(odd.iter().cloned());
                features
            };
            Image { name: "top".into(), parent: parent.map(Box::new), features }
        })
    })
}
