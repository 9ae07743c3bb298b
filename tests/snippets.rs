//! Snippets of systemd: what their lines mean, which of them count, and what systemd's own programs make of them.
#![allow(clippy::disallowed_methods, reason = "a test lays out the files that it checks")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

mod snippets {
    mod includes;
    mod oracle;
    mod sysusers;
    mod tmpfiles;

    use featgraph::compile::{Levels, Workspace};
    use featgraph::load::{Overlay, load};
    use featgraph::plan::PlanFormat;
    use featgraph::planning::Built;
    use serde_json::Value;
    use std::path::Path;

    /// Files in a new folder.
    pub fn lay_out(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn workspace(folder: &Path, root: &str) -> Workspace {
        let mut workspace = Workspace::new();
        workspace.want_digests();
        workspace.open(root);
        load(&mut workspace, folder, &Overlay::default());
        workspace
    }

    /// What is found in a folder, one line a finding: place, code, entity.
    pub fn found_in(folder: &Path, root: &str) -> Vec<String> {
        let report = workspace(folder, root).check(&Levels::default());
        let found = report.diagnostics.into_iter().map(|found| {
            let start = found.location.start();
            let place = format!("{}:{}:{}", found.location.source.name, start.line, start.column);
            format!("{place} {} {}", found.code.name(), found.entity.unwrap_or_default()).trim_end().to_owned()
        });
        found.collect()
    }

    /// What is found in files, of which the first is named.
    pub fn found(files: &[(&str, &str)]) -> Vec<String> {
        found_in(lay_out(files).path(), files[0].0)
    }

    /// The messages of all findings.
    pub fn messages(files: &[(&str, &str)]) -> Vec<String> {
        let folder = lay_out(files);
        let report = workspace(folder.path(), files[0].0).check(&Levels::default());
        report.diagnostics.into_iter().map(|found| found.message).collect()
    }

    /// The plan of an image in a folder.
    pub fn plan_in(folder: &Path, root: &str) -> Value {
        let workspace = workspace(folder, root);
        let (report, compiled) = workspace.compile_image(root, &Levels::default());
        let errors: Vec<String> = report
            .diagnostics
            .iter()
            .filter(|found| found.severity == featgraph::catalog::Severity::Error)
            .map(|found| found.message.clone())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let compiled = compiled.unwrap();
        let built = Built::new(&compiled.graph, workspace.inputs());
        let mut out = Vec::new();
        featgraph::plan::write(&built, PlanFormat::Json, true, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// The plan of an image that includes one snippet, `x.conf`, of a type, and has account files.
    pub fn plan_of(language: &str, lines: &str) -> Value {
        let image = format!(
            "include = [{{ path = \"x.conf\", type = \"{language}\" }}]\n\
             [[install]]\nparents = true\ndst = \"/etc/passwd\"\ntext = \"\"\n\
             [[install]]\nparents = true\ndst = \"/etc/group\"\ntext = \"\"\n"
        );
        let folder = lay_out(&[("x.image.toml", &format!("[image]\n{image}")), ("x.conf", lines)]);
        plan_in(folder.path(), "x.image.toml")
    }

    /// The operations of the steps that a plan has because of a line, each with the line.
    pub fn operations(plan: &Value) -> Vec<(u64, Value)> {
        let mut operations: Vec<(u64, Value)> = Vec::new();
        for step in plan["steps"].as_array().unwrap() {
            let origins = plan["origins"][step["id"].as_str().unwrap()].as_array().unwrap();
            let origin = origins.iter().find(|origin| origin["file"] == "x.conf");
            if let (Some(origin), true) = (origin, step["implied"] != true) {
                operations.push((origin["line"].as_u64().unwrap(), step["op"].clone()));
            }
        }
        operations.sort_by_key(|(line, _)| *line);
        operations
    }

    /// The members of an operation that a test is about, as `key=value`.
    pub fn shown(operation: &Value, keys: &[&str]) -> String {
        let say = |key: &&str| match &operation[*key] {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        };
        keys.iter().map(say).collect::<Vec<_>>().join(" ")
    }
}
