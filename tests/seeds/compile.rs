//! A small workspace of any bytes compiles: an image, a feature set, a parent, facts and snippets give findings or a plan, never a panic.

use std::sync::Arc;

use featgraph::catalog::Severity;
use featgraph::compile::{Levels, Workspace};
use featgraph::facts::Facts;
use featgraph::inputs::{
    Answer, ArchiveState, Ask, ContentsState, DigestState, PackageState, RootState, SourceState, TextState,
};
use featgraph::plan::{self, PlanFormat};
use featgraph::planning::Built;
use featgraph::text::Source;

const FILES: [&str; 6] =
    ["a.image.toml", "b.features.toml", "c.image.toml", "d.facts.json", "tmpfiles.d/e.conf", "sysusers.d/f.conf"];

/// Fails if the sentence above does not hold of these bytes.
pub fn check(bytes: &[u8]) {
    // The files stand one behind the other, parted by a byte that no text has.
    let parts: Vec<&[u8]> = bytes.split(|&byte| byte == 0xff).collect();
    let mut workspace = Workspace::new();
    workspace.want_digests();
    workspace.open(FILES[0]);
    loop {
        let asks = workspace.asks();
        if asks.is_empty() {
            break;
        }
        for ask in asks {
            let answer = match &ask {
                Ask::Text(path) => match FILES.iter().position(|file| **file == **path).and_then(|at| parts.get(at)) {
                    Some(part) => Answer::Text(TextState::Text(Source::from_bytes(path.to_string(), part.to_vec()))),
                    None => Answer::Text(TextState::Missing("it does not exist".to_owned())),
                },
                Ask::Source(_) => Answer::Source(SourceState::File { size: 1, executable: false }),
                Ask::Archive(_) => Answer::Archive(ArchiveState::Missing("it does not exist".to_owned())),
                Ask::Digest(_) => Answer::Digest(DigestState::File { size: 1, digest: [7; 32] }),
                Ask::Contents(_) => Answer::Contents(ContentsState::Text("root:x:0:0::/:/bin/sh\n".into())),
                // A root is what the facts file says; that real ones and packages are read, the target `scan` tries.
                Ask::Root(_) => Answer::Root(match parts.get(3).and_then(|part| std::str::from_utf8(part).ok()) {
                    Some(text) => match Facts::parse(text) {
                        Ok(facts) => RootState::Facts { facts: Arc::new(facts), lost: Arc::default() },
                        Err(faults) => RootState::Missing(faults.into_iter().map(|fault| fault.message).collect()),
                    },
                    None => RootState::Missing("it does not exist".to_owned()),
                }),
                Ask::Package(_) => Answer::Package(PackageState::Missing("it does not exist".to_owned())),
            };
            workspace.answer(&ask, answer);
        }
    }
    let (report, compiled) = workspace.compile_image(FILES[0], &Levels::default());
    if report.count(Severity::Error) > 0 {
        return;
    }
    if let Some(compiled) = compiled {
        let built = Built::new(&compiled.graph, workspace.inputs());
        let mut out = Vec::new();
        plan::write(&built, PlanFormat::Json, true, &mut out).expect("a plan is written to memory");
        assert!(plan::read(&out).is_ok(), "a plan that was written can be read");
    }
}
