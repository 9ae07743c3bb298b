//! The law of a workspace that stays open: after any edits its findings are those of a new workspace on the same files.

#![allow(clippy::disallowed_methods, reason = "a test reads how often it is to be tried")]

mod oracle;
mod incremental {
    pub mod beside;
    pub mod random;
    pub mod world;
}

use featgraph::compile::{Levels, Progress, Report, Workspace};
use featgraph::diagnostic::Clue;
use featgraph::inputs::{Answer, Ask, TextState};
use featgraph::text::Source;
use incremental::random::{self, Edit, Shape};
use incremental::world::World;
use oracle::execute::Choices;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn laws(cases: u32) -> ProptestConfig {
    // The same cases every time; other ones, and more, with `LAWS`.
    let factor = std::env::var("LAWS").ok().and_then(|text| text.parse::<u32>().ok());
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 400,
        rng_seed: if factor.is_some() { RngSeed::Random } else { RngSeed::Fixed(20_261_122) },
        ..ProptestConfig::with_cases(cases.saturating_mul(factor.unwrap_or(1)))
    }
}

/// Everything that is said of a workspace, a line each.
fn told(report: &Report) -> Vec<String> {
    let mut lines =
        vec![format!("{} images, {} incomplete, {} features", report.images, report.incomplete, report.features)];
    let place = |location: &featgraph::text::Location| format!("{}:{:?}", location.source.name, location.span);
    for found in &report.diagnostics {
        lines.push(format!(
            "{} {}[{}] {} ({:?}) {:?} {:?}",
            place(&found.location),
            found.severity.name(),
            found.code.name(),
            found.message,
            found.label,
            found.entity,
            found.images
        ));
        lines.extend(found.related.iter().map(|related| {
            format!("  {} {} {:?} {}", place(&related.location), related.role.name(), related.entity, related.message)
        }));
        lines.extend(found.notes.iter().chain(&found.help).map(|note| format!("  {note}")));
        lines.extend(found.clues.iter().map(|clue| match clue {
            Clue::Program { declared, mode, in_parent } => {
                format!("  program {} {mode:o} {in_parent}", place(declared))
            }
            clue => format!("  {clue:?}"),
        }));
        lines.extend(
            found
                .fixes
                .iter()
                .flat_map(|fix| &fix.edits)
                .map(|edit| format!("  {} {:?}", place(&edit.location), edit.text)),
        );
    }
    lines
}

/// A new workspace of all roots of a world, with its files read.
fn opened(world: &World) -> Workspace {
    let mut workspace = Workspace::new();
    for root in world.roots() {
        workspace.open(root);
    }
    world.load(&mut workspace);
    workspace
}

fn whole(world: &World) -> Vec<String> {
    let workspace = opened(world);
    told(&workspace.check(&Levels::default()))
}

/// Brings a workspace up to date as an editor does, which now and then is interrupted by the next edit.
fn advance(workspace: &mut Workspace, near: &str, choices: &mut Choices) {
    for _ in 0..100 {
        let impatient = choices.below(4) == 0;
        if workspace.advance(Some(near), &|| impatient) == Progress::Current {
            return;
        }
    }
    while workspace.advance(Some(near), &|| false) != Progress::Current {}
}

fn holds(shape: Shape, seed: u64, edits: &[Edit]) -> Result<(), TestCaseError> {
    let mut choices = Choices::new(seed);
    let mut world = World::default();
    for (name, text) in random::files(shape, &mut choices) {
        world.write(&name, Some(text));
    }
    let mut workspace = opened(&world);
    advance(&mut workspace, "", &mut choices);
    prop_assert_eq!(told(&workspace.findings(&Levels::default())), whole(&world), "before any edit");
    for edit in edits {
        let before = world.clone();
        let changed = random::edit(shape, &mut world, *edit);
        for name in &changed {
            match world.text(name) {
                // As from an open document, of which the disk is not asked.
                Some(text) if choices.below(2) == 0 && before.roots().any(|root| root == name) => {
                    let source = Source::new(name.as_str(), text);
                    workspace.answer(&Ask::Text(name.as_str().into()), Answer::Text(TextState::Text(source)));
                }
                _ => workspace.changed(name),
            }
        }
        for root in before.roots().filter(|root| !world.has(root)) {
            workspace.close(root);
        }
        for root in world.roots().filter(|root| !before.has(root)) {
            workspace.open(root);
        }
        // Sometimes the next edit comes before this one was read, or looked at.
        if choices.below(6) == 0 {
            continue;
        }
        world.load(&mut workspace);
        if choices.below(5) == 0 {
            let _ = workspace.advance(changed.first().map(String::as_str), &|| true);
            continue;
        }
        advance(&mut workspace, changed.first().map_or("", String::as_str), &mut choices);
        if choices.below(4) == 0 {
            workspace.prepare(&|| false);
        }
        let (now, new) = (told(&workspace.findings(&Levels::default())), whole(&world));
        prop_assert!(
            now == new,
            "after {edit:?} of {changed:?}\n--- incremental\n{}\n--- whole\n{}\n--- before the edit\n{before}\n--- the files\n{world}",
            now.join("\n"),
            new.join("\n")
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(laws(32))]

    #[test]
    fn incremental_equals_whole_in_tangled_workspaces(
        seed in any::<u64>(),
        edits in prop::collection::vec(random::any_edit(), 1..12),
    ) {
        holds(Shape::Tangled, seed, &edits)?;
    }

    #[test]
    fn incremental_equals_whole_in_sound_workspaces(
        seed in any::<u64>(),
        edits in prop::collection::vec(random::any_edit(), 1..16),
    ) {
        holds(Shape::Sound, seed, &edits)?;
    }

    #[test]
    fn incremental_equals_whole_in_plain_workspaces(
        seed in any::<u64>(),
        edits in prop::collection::vec(random::any_edit(), 1..32),
    ) {
        holds(Shape::Plain, seed, &edits)?;
    }
}

/// Edits one file of a sound image, each a step on from the one before, and says after which the image was linked as a whole.
fn linked_by<'e>(edits: &[(&'e str, &'e str)]) -> Vec<(&'e str, &'e str)> {
    linked_by_in(sound_world(), edits)
}

fn sound_world() -> World {
    let mut world = World::default();
    world.write("top.image.toml", Some("[image]\ninclude = [\"a.features.toml\", \"b.features.toml\"]\n".into()));
    world.write(
        "b.features.toml",
        Some("[[ensure_dir]]\npath = [\"/s\", \"/s/d\"]\n\n[[install]]\ntext = \"b\"\ndst = \"/s/d/b\"\n".into()),
    );
    let text = "[[install]]\ntext = \"one\"\ndst = \"/s/d/one\"\n\n[[install]]\ntext = \"two\"\ndst = \"/s/d/two\"\n";
    world.write("a.features.toml", Some(text.into()));
    world
}

/// The same of another image, of which `a.features.toml` is a part.
fn linked_by_in<'e>(mut world: World, edits: &[(&'e str, &'e str)]) -> Vec<(&'e str, &'e str)> {
    let mut workspace = opened(&world);
    while workspace.advance(None, &|| false) != Progress::Current {}
    let mut linked = Vec::new();
    for &(from, to) in edits {
        let before = workspace.linked();
        let text = world.text("a.features.toml").unwrap_or_default().replacen(from, to, 1);
        world.write("a.features.toml", Some(text));
        workspace.changed("a.features.toml");
        world.load(&mut workspace);
        while workspace.advance(None, &|| false) != Progress::Current {}
        assert_eq!(told(&workspace.findings(&Levels::default())), whole(&world), "after {from} became {to}\n{world}");
        if workspace.linked() != before {
            linked.push((from, to));
        }
    }
    linked
}

#[test]
fn an_edit_of_a_feature_links_nothing_again() {
    // A comment, another text, another mode, another place, a conflict with another file and its end, something missing.
    let edits = [
        ("[[install]]", "# first\n\n[[install]]"),
        ("\"one\"", "\"other\""),
        ("dst", "mode = \"0666\"\ndst"),
        ("/s/d/one", "/s/d/three"),
        ("/s/d/three", "/s/d/b"),
        ("/s/d/b", "/s/d/c"),
        ("dst", "user = \"web\"\ndst"),
        ("\"web\"", "\"we\""),
        ("user = \"we\"\n", ""),
        ("/s/d/c", "/s/e/c"),
        ("/s/e/c", "/s/d/one"),
        ("[[install]]\ntext = \"two\"\ndst = \"/s/d/two\"\n", ""),
        ("mode = \"0666\"\n", "requires = [\"/s/d/b\"]\n"),
    ];
    assert_eq!(linked_by(&edits), []);
    // A removal reaches further.
    assert_eq!(linked_by(&[("[[install]]", "[[remove]]\npath = \"/s/d/b\"\n\n[[install]]")]).len(), 1);
}

#[test]
fn an_edit_of_a_link_that_nothing_goes_through_links_nothing_again() {
    // A link comes, leads elsewhere, nowhere, out of a directory, to what it does not expect; stands elsewhere; goes.
    let edits = [
        ("[[install]]", "[[symlink]]\nlink = \"/s/l\"\ntarget = \"/s/d\"\n\n[[install]]"),
        ("target = \"/s/d\"", "target = \"d/b\""),
        ("target = \"d/b\"", "target = \"/s/e\""),
        ("target = \"/s/e\"", "target = \"../s/d/b\""),
        ("b\"\n", "b\"\nexpect = \"directory\"\n"),
        ("\"directory\"", "\"file\""),
        ("\"../s/d/b\"", "\"/s/d/b\""),
        ("/s/l", "/s/d/l"),
        ("/s/d/l", "/s/e/l"),
        ("/s/e/l", "/s/m"),
        ("[[symlink]]\nlink = \"/s/m\"\ntarget = \"/s/d/b\"\nexpect = \"file\"\n", ""),
        // One takes the place of a file, and a file its place.
        ("[[install]]\ntext = \"one\"\ndst", "[[symlink]]\ntarget = \"b\"\nlink"),
        ("[[symlink]]\ntarget = \"b\"\nlink", "[[install]]\ntext = \"three\"\ndst"),
    ];
    assert_eq!(linked_by(&edits), []);
    // One that comes together with what goes through it.
    let both =
        "[[symlink]]\nlink = \"/s/l\"\ntarget = \"/s/d\"\n\n[[install]]\ntext = \"x\"\ndst = \"/s/l/x\"\n\n[[install]]";
    assert_eq!(linked_by(&[("[[install]]", both)]).len(), 1);
    // One that something goes through, or is to, reaches further.
    let through = "[[symlink]]\nlink = \"/s/d\"\ntarget = \"/s\"\n\n[[install]]";
    assert_eq!(linked_by(&[("[[install]]", through)]).len(), 1);
    let needed = "[[symlink]]\nlink = \"/s/l\"\ntarget = \"/s\"\n\n[[require]]\nfiles = [\"/s/l\"]\n\n[[install]]";
    assert_eq!(linked_by(&[("[[install]]", needed)]).len(), 1);
}

#[test]
fn an_edit_of_an_account_links_nothing_again() {
    let mut world = sound_world();
    let files = "[[install]]\ntext = \"root:x:0:0::/:/bin/sh\\n\"\ndst = \"/etc/passwd\"\n\n[[install]]\ntext = \"root:x:0:\\n\"\ndst = \"/etc/group\"\n\n[[ensure_dir]]\npath = \"/etc\"\n\n";
    let owned = "[[install]]\ntext = \"c\"\ndst = \"/s/d/c\"\nuser = \"web\"\n";
    world
        .write("b.features.toml", Some(format!("{files}{}{owned}", world.text("b.features.toml").unwrap_or_default())));
    // A user comes whom a file was missing; other numbers, groups, homes, names; a group beside; both go.
    let edits = [
        ("[[install]]", "[[user]]\nname = \"web\"\n\n[[install]]"),
        ("\"web\"\n", "\"web\"\nuid = 600\n"),
        ("600", "601"),
        ("uid = 601\n", "uid = 601\nhome = \"/s/d\"\n"),
        ("/s/d\"", "/s/h\""),
        ("/s/h", "/s/d"),
        ("\"web\"", "\"wen\""),
        ("\"wen\"", "\"web\""),
        ("uid", "group = \"staff\"\nuid"),
        ("[[user]]", "[[group]]\nname = \"staff\"\n\n[[user]]"),
        ("uid", "groups = [\"staff\", \"stuff\"]\nuid"),
        (", \"stuff\"", ""),
        ("group = \"staff\"\n", ""),
        ("[[group]]\nname = \"staff\"\n\n", ""),
        ("[[user]]\nname = \"web\"\ngroups = [\"staff\"]\nuid = 601\nhome = \"/s/d\"\n", ""),
        ("[[install]]", "[[user]]\nname = \"Web\"\n\n[[install]]"),
    ];
    assert_eq!(linked_by_in(world, &edits), []);
}

#[test]
fn what_another_image_does_not_have_stays_missing() {
    let mut world = World::default();
    world.write("base.image.toml", Some("[image]\n".into()));
    world.write("top.image.toml", Some("[image]\ninclude = [\"a.features.toml\"]\n\n[[clone]]\nfrom = \"base.image.toml\"\nsrc = \"/t\"\ndst = \"/c\"\n".into()));
    world.write("a.features.toml", Some("[[ensure_dir]]\npath = \"/m\"\n".into()));
    let mut workspace = Workspace::new();
    for root in world.roots() {
        workspace.open(root);
    }
    for text in ["[[ensure_dir]]\npath = \"/m\"\n", "[[ensure_dir]]\npath = \"/tt\"\n", "# none\n"] {
        world.write("a.features.toml", Some(text.into()));
        workspace.changed("a.features.toml");
        world.load(&mut workspace);
        while workspace.advance(None, &|| false) != Progress::Current {}
        let found = told(&workspace.findings(&Levels::default()));
        assert_eq!(found, whole(&world), "{world}");
        assert!(found.iter().any(|line| line.contains("has no `/t`")), "{found:#?}");
    }
}

#[test]
fn nothing_is_kept_of_what_is_not_asked_for_any_more() {
    let mut world = World::default();
    let text = |source: &str| format!("[image]\n[[install]]\nsrc = \"{source}\"\ndst = \"/a\"\n");
    world.write("a.image.toml", Some(text("one.conf")));
    let mut workspace = Workspace::new();
    workspace.open("a.image.toml");
    world.load(&mut workspace);
    for number in 0..50 {
        world.write("a.image.toml", Some(text(&format!("{number}.conf"))));
        workspace.changed("a.image.toml");
        world.load(&mut workspace);
        advance(&mut workspace, "a.image.toml", &mut Choices::new(7));
    }
    assert!(workspace.inputs().source("49.conf").is_some());
    assert!(workspace.inputs().source("48.conf").is_none() && workspace.inputs().source("one.conf").is_none());
}

#[test]
fn the_nearest_image_comes_first() {
    let mut world = World::default();
    let image = |include: &str| format!("[image]\ninclude = [\"{include}\"]\n");
    world.write("far.image.toml", Some(image("middle.features.toml")));
    world.write("near.image.toml", Some(image("own.features.toml")));
    world.write("middle.features.toml", Some("include = [\"own.features.toml\"]\n".into()));
    world.write("own.features.toml", Some("[[ensure_dir]]\npath = \"/a\"\n".into()));
    let mut workspace = opened(&world);
    while workspace.advance(None, &|| false) != Progress::Current {}
    assert_eq!(workspace.images_with("own.features.toml"), ["far.image.toml", "near.image.toml"]);
    world.write("own.features.toml", Some("[[ensure_dir]]\npath = \"/b/c\"\nparents = false\n".into()));
    workspace.changed("own.features.toml");
    world.load(&mut workspace);
    let images = |workspace: &Workspace| -> Vec<String> {
        workspace.findings(&Levels::default()).diagnostics.iter().flat_map(|found| found.images.clone()).collect()
    };
    assert_eq!(workspace.advance(Some("own.features.toml"), &|| false), Progress::Behind);
    assert_eq!(images(&workspace), ["near"]);
    assert_eq!(workspace.advance(Some("own.features.toml"), &|| true), Progress::Stopped);
    assert_eq!(images(&workspace), ["near"], "a compilation that was told to stop leaves what was there");
    assert_eq!(workspace.advance(Some("own.features.toml"), &|| false), Progress::Current);
    assert_eq!(images(&workspace), ["far", "near"]);
}
