//! The plan as a public format: written, read, keyed, compared.

use std::collections::BTreeMap;

use canon_json::CanonJsonSerialize;
use featgraph::plan::{
    Digest, Expect, Expected, FORMAT_VERSION, FileType, Input, InputType, Keys, Manager, Mode, Node, Op, Origin,
    Origins, Owners, Phase, Plan, PlanFormat, PlanParent, Provided, Replaced, ReplacedFrom, ReplacedType, SourceType,
    Stage, Step, Tool, TreeLine, diff, plan_digest, read, schema, stage_key, step_key, tree_digest,
};
use serde_json::{Value, json};

fn text<T: From<String>>(text: &str) -> T {
    text.to_owned().into()
}

fn texts<T: From<String>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|one| text(one)).collect()
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn make_dir(path: &str, mode: u16) -> Op<'static> {
    Op::MakeDir {
        path: text(path),
        mode: Mode::new(mode),
        user: text("root"),
        uid: Some(0),
        group: text("root"),
        gid: Some(0),
    }
}

fn copy_file(src: &str, dst: &str, xattrs: &[(&str, &str)]) -> Op<'static> {
    Op::CopyFile {
        src: text(src),
        dst: text(dst),
        mode: Mode::new(0o644),
        user: text("root"),
        uid: Some(0),
        group: text("web"),
        gid: None,
        xattrs: map(xattrs),
    }
}

fn run(script: &str) -> Op<'static> {
    Op::Run {
        command: texts(&["/bin/sh", "-e", "-c", script]),
        user: text("root"),
        uid: Some(0),
        cwd: text("/"),
        env: map(&[("LANG", "C"), ("A", "ä")]),
        network: true,
        tools: vec![
            Tool { from: text("go.image.toml"), at: text("/usr/local/go") },
            Tool { from: text("cc"), at: text("/opt/cc") },
        ],
    }
}

/// Every operation, with its optional members and, where it has any, without.
fn every_op() -> Vec<Op<'static>> {
    let settings = |any: bool| Op::Configure {
        entrypoint: any.then(|| texts(&["/usr/sbin/nginx"])),
        cmd: any.then(Vec::new),
        env: if any { map(&[("PATH", "/bin")]) } else { BTreeMap::new() },
        labels: if any { map(&[("a.b", "c")]) } else { BTreeMap::new() },
        user: any.then(|| text("web")),
        uid: any.then_some(1000),
        working_dir: any.then(|| text("/srv")),
        exposed_ports: if any { texts(&["80/tcp"]) } else { Vec::new() },
        volumes: if any { texts(&["/srv/web"]) } else { Vec::new() },
        stop_signal: any.then(|| text("SIGQUIT")),
    };
    let tree = |any: bool| Op::CopyTree {
        src: text("site"),
        dst: text("/srv/web"),
        file_mode: Mode::new(0o644),
        executable_mode: Mode::new(0o755),
        directory_mode: Mode::new(0o2755),
        user: any.then(|| text("web")),
        uid: any.then_some(1000),
        group: any.then(|| text("web")),
        gid: any.then_some(1000),
        xattrs: if any { map(&[("user.a", "b")]) } else { BTreeMap::new() },
        exclude: if any { texts(&["*.orig"]) } else { Vec::new() },
        skip: if any { texts(&["/srv/web/static"]) } else { Vec::new() },
    };
    let node = |node: Node, number: Option<u32>| Op::MakeNode {
        path: text("/dev/null"),
        node,
        major: number,
        minor: number,
        mode: Mode::new(0o600),
        user: text("root"),
        uid: Some(0),
        group: text("1234"),
        gid: Some(1234),
    };
    let extract = |owner: Option<&str>| Op::Extract {
        src: text("app.tar.gz"),
        dst: text("/opt/app"),
        strip_components: 1,
        owners: if owner.is_some() { Owners::Names } else { Owners::Ids },
        user: owner.map(text),
        uid: None,
        group: owner.map(text),
        gid: None,
        exclude: owner.map(|_| text("*.md")).into_iter().collect(),
        skip: owner.map(|_| text("/opt/app/etc")).into_iter().collect(),
    };
    let attributes = |any: bool| Op::SetAttributes {
        path: text("/usr/bin/ping"),
        mode: any.then(|| Mode::new(0o4755)),
        user: any.then(|| text("root")),
        uid: any.then_some(0),
        group: any.then(|| text("net")),
        gid: None,
        xattrs: if any { map(&[("security.capability", "0x01")]) } else { BTreeMap::new() },
        recursive: !any,
    };
    vec![
        make_dir("/srv", 0o755),
        copy_file("nginx.conf", "/etc/nginx/nginx.conf", &[]),
        copy_file("nginx.conf", "/etc/nginx/nginx.conf", &[("user.b", "1"), ("user.a", "2")]),
        tree(true),
        tree(false),
        Op::WriteFile {
            dst: text("/etc/motd"),
            text: text("hello\n\u{1b}[1m\"\\ ü 😀\u{7f}\u{2028}"),
            mode: Mode::new(0o644),
            user: text("root"),
            uid: Some(u32::MAX),
            group: text("root"),
            gid: Some(0),
            xattrs: BTreeMap::new(),
        },
        Op::MakeSymlink { link: text("/bin"), target: text("usr/bin") },
        Op::MakeHardlink { link: text("/a"), target: text("/b") },
        attributes(true),
        attributes(false),
        node(Node::Char, Some(3)),
        node(Node::Block, Some(0)),
        node(Node::Fifo, None),
        Op::Remove { path: text("/tmp/x"), must_exist: false, recursive: false },
        Op::Mount {
            mountpoint: text("/data"),
            source: text("/srv/data"),
            source_type: SourceType::Host,
            directory: true,
        },
        extract(Some("web")),
        extract(None),
        Op::Clone {
            from: text("base.image.toml"),
            src: text("/usr/lib"),
            dst: text("/lib"),
            user: None,
            uid: None,
            group: Some(text("web")),
            gid: Some(7),
            exclude: texts(&["python3"]),
            skip: Vec::new(),
        },
        Op::AddGroup { name: text("web"), gid: Some(1000), system: false },
        Op::AddUser {
            name: text("web"),
            uid: None,
            group: text("web"),
            gid: Some(1000),
            groups: texts(&["audio", "video"]),
            home: text("/srv/web"),
            shell: text("/usr/sbin/nologin"),
            comment: text(""),
            system: true,
        },
        Op::AddToGroups { name: text("web"), groups: texts(&["audio"]) },
        Op::Packages {
            manager: Manager::Apt,
            install: texts(&["nginx", "curl=8.1"]),
            remove: Vec::new(),
            remove_if_exists: texts(&["nano"]),
            upgrade: Vec::new(),
            files: texts(&["a.deb", "b.deb"]),
        },
        run("echo \"a b\"\nexit 0"),
        settings(true),
        settings(false),
    ]
}

fn step(id: &str, stage: u32, wave: u32, phase: Phase, op: Op<'static>, requires: &[&str]) -> Step<'static> {
    Step {
        id: text(id),
        stage,
        wave,
        phase,
        implied: false,
        key: step_key(&op, |_| None, &[], None, &[]),
        op,
        requires: texts(requires),
        provides: Vec::new(),
        modifies: Vec::new(),
        replaces: None,
        hermetic: true,
        inputs: Vec::new(),
    }
}

/// A plan whose keys are as an engine would compute them.
fn sealed(mut plan: Plan) -> Plan {
    let mut keys = Keys::new();
    let mut base = plan.parent.as_ref().map(|parent| parent.digest);
    for number in 0..plan.stages.len() {
        let opaque = plan.stages[number].opaque;
        let mut done = Vec::new();
        for at in 0..plan.steps.len() {
            if plan.steps[at].stage as usize != number {
                continue;
            }
            let required: Vec<Digest> = plan
                .steps
                .iter()
                .filter(|other| plan.steps[at].requires.contains(&other.id))
                .map(|other| other.key)
                .collect();
            let step = &plan.steps[at];
            let source = |path: &str| step.inputs.iter().find(|input| input.path == path).map(|input| input.digest);
            let key = keys.step(&step.op, source, &[], base.filter(|_| opaque), &required);
            plan.steps[at].key = key;
            done.push(key);
        }
        plan.stages[number].steps = done.len();
        plan.stages[number].base = base;
        plan.stages[number].key = keys.stage(base, &done);
        base = Some(plan.stages[number].key);
    }
    let last = plan.stages.last().map(|stage| stage.key);
    plan.digest = plan_digest(last, plan.parent.as_ref().map(|parent| parent.digest));
    plan
}

fn stage(phase: Phase, opaque: bool) -> Stage {
    Stage { phase, opaque, base: None, steps: 0, key: Digest::of(b"") }
}

fn small() -> Plan {
    let steps = vec![
        step("run:0123456789ab", 0, 0, Phase::Commands, run("make all\nexit 0"), &[]),
        Step {
            modifies: texts(&["path:/etc/group"]),
            provides: vec![Provided::Entity(text("group:web"))],
            implied: true,
            ..step(
                "group:web",
                1,
                0,
                Phase::Main,
                Op::AddGroup { name: text("web"), gid: Some(1000), system: false },
                &[],
            )
        },
        Step {
            provides: vec![Provided::Entity(text("path:/etc/nginx"))],
            replaces: Some(Replaced { what: ReplacedType::Symlink, from: ReplacedFrom::Parent }),
            ..step("ensure_dir:/etc/nginx", 1, 0, Phase::Main, make_dir("/etc/nginx", 0o755), &[])
        },
        Step {
            provides: vec![Provided::Entity(text("path:/etc/nginx/nginx.conf"))],
            inputs: vec![Input {
                path: text("nginx.conf"),
                input_type: InputType::File,
                size: 812,
                digest: Digest::of(b"server {}"),
            }],
            ..step(
                "install:/etc/nginx/nginx.conf",
                1,
                1,
                Phase::Main,
                copy_file("nginx.conf", "/etc/nginx/nginx.conf", &[]),
                &["ensure_dir:/etc/nginx", "group:web"],
            )
        },
        Step {
            provides: vec![Provided::Tree { entity: text("path:/srv/web"), entries: 12 }],
            hermetic: false,
            ..step("install:/srv/web", 1, 1, Phase::Main, every_op().swap_remove(3), &["group:web"])
        },
    ];
    let origins: Origins = steps
        .iter()
        .zip(1..)
        .map(|(step, line)| (step.id.to_string(), vec![Origin { file: text("web.image.toml"), line, column: 1 }]))
        .collect();
    sealed(Plan {
        format_version: text(FORMAT_VERSION),
        image: text("web"),
        digest: Digest::of(b""),
        parent: Some(PlanParent { name: text("base"), digest: Digest::of(b"base") }),
        stages: vec![stage(Phase::Commands, true), stage(Phase::Main, false)],
        steps,
        expects: vec![Expect {
            entity: text("path:/usr/sbin/nologin"),
            validator: Expected { path_type: Some(FileType::File), executable: true, ..Expected::default() },
            stage: 1,
            relied_on_by: texts(&["user:web"]),
        }],
        origins: Some(origins),
    })
}

fn empty() -> Plan {
    sealed(Plan {
        format_version: text(FORMAT_VERSION),
        image: text("empty"),
        digest: Digest::of(b""),
        parent: None,
        stages: Vec::new(),
        steps: Vec::new(),
        expects: Vec::new(),
        origins: Some(Origins::new()),
    })
}

/// A plan with every operation, and names that no terminal should get as they are.
fn every_step() -> Plan {
    let ops = every_op();
    let steps =
        ops.into_iter().zip(0..).map(|(op, n): (Op, u32)| step(&format!("step:{n}"), 0, n, Phase::Main, op, &[]));
    let mut steps: Vec<Step> = steps.collect();
    steps.push(step("hostile", 0, 99, Phase::Main, make_dir("/a b\u{1b}[2J\n\u{202e}\"", 0o1777), &[]));
    sealed(Plan { stages: vec![stage(Phase::Main, false)], steps, origins: None, ..empty() })
}

fn written(plan: &Plan, format: PlanFormat) -> String {
    let mut out = Vec::new();
    plan.write(format, &mut out).expect("memory can be written");
    String::from_utf8(out).expect("plans are UTF-8")
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn what_is_written_reads_back_the_same() {
    for plan in [empty(), small(), every_step()] {
        for format in [PlanFormat::Json, PlanFormat::Jsonl] {
            let text = written(&plan, format);
            let mut back = read(text.as_bytes()).unwrap_or_else(|error| panic!("{format:?}: {error}\n{text}"));
            if plan.steps.is_empty() && format == PlanFormat::Jsonl {
                // Without a step there is no line that could have an origin.
                back.origins = plan.origins.clone();
            }
            assert_eq!(back, plan, "{format:?}");
        }
    }
}

#[test]
fn json_is_what_serde_writes_of_the_same_plan() {
    for plan in [empty(), small(), every_step()] {
        let ours: Value = serde_json::from_str(&written(&plan, PlanFormat::Json)).expect("json");
        assert_eq!(ours, serde_json::to_value(&plan).expect("json"));
    }
}

#[test]
fn a_line_is_byte_for_byte_what_serde_writes_of_its_step() {
    use ReplacedFrom as From;
    use ReplacedType as Type;
    let mut plan = every_step();
    plan.steps.extend(small().steps);
    let types = [Type::File, Type::Directory, Type::Symlink, Type::Char, Type::Block, Type::Fifo, Type::Socket];
    let types = types.into_iter().chain([Type::User, Type::Group, Type::Unknown]);
    let froms = [From::Parent, From::Phase, From::Opaque].into_iter().cycle();
    for (number, (what, from)) in types.zip(froms).enumerate() {
        let id = format!("replaces:{number}");
        let replaces = Some(Replaced { what, from });
        let input_type = if number == 0 { InputType::Tree } else { InputType::File };
        let input = Input { path: text("a \u{7f}\"\\"), input_type, size: u64::MAX, digest: Digest::of(b"") };
        let op = make_dir("/\u{8}\u{c}\n\r\t\u{1f}\u{20}\u{80}\u{2028}😀 1234567\"12345678\\", 0o755);
        let step = step(&id, 0, 100, Phase::Finalize, op, &["a", "b"]);
        plan.steps.push(Step { replaces, inputs: vec![input.clone(), input], ..step });
    }
    let plan = sealed(plan);
    let text = written(&plan, PlanFormat::Jsonl);
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), plan.steps.len());
    for (line, step) in lines.into_iter().zip(&plan.steps) {
        assert_eq!(line, serde_json::to_string(step).expect("json"));
    }
}

#[test]
fn members_stand_in_the_order_of_the_specification() {
    let json = serde_json::to_string(&small().steps[3]).expect("json");
    let keys = ["id", "stage", "wave", "phase", "op", "requires", "provides", "inputs", "key"];
    let places: Vec<_> = keys.iter().map(|key| json.find(&format!("\"{key}\":"))).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} {json}");
    let op = "\"op\":{\"type\":\"copy_file\",\"src\":\"nginx.conf\",\"dst\":\"/etc/nginx/nginx.conf\",\"mode\":\"0644\",\
              \"user\":\"root\",\"uid\":0,\"group\":\"web\",\"gid\":null}";
    assert!(json.contains(op), "{json}");
}

#[test]
fn the_schema_takes_every_output_and_refuses_what_is_none() {
    let schema = serde_json::to_value(schema()).expect("json");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for plan in [empty(), small(), every_step()] {
        let value: Value = serde_json::from_str(&written(&plan, PlanFormat::Json)).expect("json");
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut broken = serde_json::to_value(small()).expect("json");
    broken["steps"][2]["op"]["mode"] = json!(493);
    assert!(!validator.is_valid(&broken), "a mode is no number");
    let mut broken = serde_json::to_value(small()).expect("json");
    broken["steps"][2]["op"].as_object_mut().map(|op| op.remove("uid"));
    assert!(!validator.is_valid(&broken), "beside a user stands a uid");
}

#[test]
fn every_member_of_the_schema_is_described() {
    let schema = serde_json::to_value(schema()).expect("json");
    let mut left = vec![&schema];
    while let Some(value) = left.pop() {
        if let Some(members) = value.get("properties").and_then(Value::as_object) {
            for (name, member) in members {
                let tag = name == "type" && member.get("const").is_some();
                assert!(tag || member.get("description").is_some(), "{name}: {member}");
            }
        }
        match value {
            Value::Object(members) => left.extend(members.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
}

#[test]
fn outputs_look_like_this() {
    snapshot("plan-small.json", &written(&small(), PlanFormat::Json));
    snapshot("plan-small.jsonl", &written(&small(), PlanFormat::Jsonl));
    snapshot("plan-small.text", &written(&small(), PlanFormat::Text));
    snapshot("plan-every-operation.text", &written(&every_step(), PlanFormat::Text));
    snapshot("plan-empty.json", &written(&empty(), PlanFormat::Json));
    snapshot("plan-empty.text", &written(&empty(), PlanFormat::Text));
}

#[test]
fn what_is_no_plan_is_refused_with_its_place() {
    let wrong = std::cell::RefCell::new(Vec::new());
    let check = |plan: &str, expected: &str| {
        let error = read(plan.as_bytes()).err().map(|error| error.to_string());
        if error.as_deref() != Some(expected) {
            wrong.borrow_mut().push(format!("{} instead of {expected}", error.unwrap_or_default()));
        }
    };
    let json = written(&small(), PlanFormat::Json);
    let jsonl = written(&small(), PlanFormat::Jsonl);
    check("", "this is not a plan: there is nothing in it");
    check("  \n", "this is not a plan: there is nothing in it");
    check("[1]", "this is not a plan: a plan is JSON and starts with \"{\"");
    check("{\"a\": 1}", "this is not a plan: it has no \"format_version\"; a plan is what `featgraph plan` writes");
    check(
        &json.replace("\"1.0\"", "\"2.0\""),
        "this plan has format version \"2.0\"; this featgraph reads \"1.0\" and what is compatible with it",
    );
    check(&json.replace("\"1.0\"", "\"x\""), "the format version \"x\" is not one: it looks like \"1.0\"");
    check(&json.replace("\"image\": \"web\"", "\"image\": \"ü\" 1"), "line 3, column 16: expected `,` or `}`");
    check(
        &json.replace("\"wave\": 1", "\"wave\": \"1\""),
        "line 14, column 67: invalid type: string \"1\", expected a whole number",
    );
    check(
        &json.replace("\"opaque\": true", "\"opaque\": true, \"key\": \"blake3:12\""),
        "line 7, column 60: a digest is written \"blake3:\" and 64 digits of 0-9 and a-f",
    );
    check(
        &jsonl.replace("\"wave\":1", "\"wave\":-1"),
        "line 5, column 57: invalid value: integer `-1`, expected a whole number",
    );
    let cut = jsonl.lines().take(3).collect::<Vec<_>>().join("\n");
    check(&cut, "the first line says \"steps\": 5, but 2 follow: the plan is cut off or was put together from several");
    check(
        &json.replace("\"id\": \"group:web\"", "\"id\": \"install:/srv/web\""),
        "the step \"install:/srv/web\" stands twice in the plan",
    );
    check(
        &json.replace("\"stage\": 1, \"wave\": 0", "\"stage\": 7, \"wave\": 0"),
        "the step \"group:web\" is in stage 7, but the plan has 2 stages (counted from 0)",
    );
    check(&format!("{{\"x\":{}", "[".repeat(100_000)), "line 1, column 100005: EOF while parsing a list");
    let deep = format!("\"op\": {{\"x\": {}{}, ", "[".repeat(100_000), "]".repeat(100_000));
    check(&json.replacen("\"op\": {", &deep, 1), "line 11, column 211: recursion limit exceeded");
    check(&json.replace("\"copy_file\"", "[1]"), "line 14, column 99: invalid type: sequence, expected an operation");
    let one_of = "`apt`, `dnf`, `apk`";
    let every = written(&every_step(), PlanFormat::Json).replace("\"manager\": \"apt\"", "\"manager\": \"brew\"");
    check(&every, &format!("line 31, column 230: unknown name `brew`, expected one of {one_of}"));
    assert_eq!(wrong.into_inner(), [""; 0]);
}

#[test]
fn any_cut_of_a_plan_is_an_error_and_nothing_worse() {
    for format in [PlanFormat::Json, PlanFormat::Jsonl] {
        let text = written(&small(), format);
        for end in 0..text.trim_end().len() {
            assert!(read(&text.as_bytes()[..end]).is_err(), "{format:?} cut at {end}");
        }
    }
}

/// Keys in an order that is not that of their bytes, and everything that must be escaped.
fn odd_texts() -> Op<'static> {
    Op::WriteFile {
        dst: text("/etc/issue"),
        text: (0..0x20u8).map(char::from).collect::<String>().into(),
        mode: Mode::new(0o644),
        user: text("root"),
        uid: Some(0),
        group: text("root"),
        gid: Some(0),
        xattrs: map(&[("user.\u{fb33}", "1"), ("user.😀", "2"), ("user.\u{8}\"", "3"), ("user.\u{c}\\", "4")]),
    }
}

/// The JSON that RFC 8785 makes of a value.
fn canonical(value: &Value) -> Vec<u8> {
    value.to_canon_json_vec().expect("has a canonical form")
}

#[test]
fn a_key_is_the_digest_of_the_canonical_json_of_what_it_names() {
    let (base, first, second) = (Digest::of(b"base"), Digest::of(b"1"), Digest::of(b"2"));
    for op in every_op().into_iter().chain([odd_texts()]) {
        let form = canonical(&json!({ "v": 1, "op": op, "relies": [], "requires": [] }));
        assert_eq!(step_key(&op, |_| None, &[], None, &[]), Digest::of(&form), "{op:?}");
    }
    let op = make_dir("/srv", 0o755);
    let mut required = [first.to_string(), second.to_string()];
    required.sort();
    let facts = [json!({ "b": 1 }), json!({ "a": 1 })];
    let form = json!({ "v": 1, "base": base, "op": op, "relies": [facts[1], facts[0]], "requires": required });
    let form = Digest::of(&canonical(&form));
    let facts = facts.map(|fact| canonical(&fact));
    let relies = [facts[0].as_slice(), &facts[1], &facts[0]];
    assert_eq!(step_key(&op, |_| None, &relies, Some(base), &[first, second, first]), form);
    assert_eq!(step_key(&op, |_| None, &relies, Some(base), &[second, first]), form);

    let stage = canonical(&json!({ "v": 1, "base": null, "steps": required }));
    assert_eq!(stage_key(None, &[second, first]), Digest::of(&stage));
    assert_ne!(stage_key(Some(base), &[second, first]), stage_key(None, &[second, first]));
    assert_eq!(plan_digest(None, Some(base)), base);
    assert_eq!(plan_digest(Some(first), Some(base)), first);
    assert_eq!(plan_digest(None, None), Digest::of(b""));
}

#[test]
fn a_key_has_the_digests_of_sources_and_not_their_names() {
    let same = |_: &str| Some(Digest::of(b"contents"));
    let key = |op: &Op, source: &dyn Fn(&str) -> Option<Digest>| step_key(op, source, &[], None, &[]);
    let one = copy_file("one.conf", "/etc/x", &[]);
    let two = copy_file("two.conf", "/etc/x", &[]);
    assert_eq!(key(&one, &same), key(&two, &same));
    assert_ne!(key(&one, &same), key(&one, &|_| Some(Digest::of(b"other"))));
    assert_ne!(key(&one, &same), key(&copy_file("one.conf", "/etc/y", &[]), &same));

    let packages = |first: &str, second: &str| Op::Packages {
        manager: Manager::Apt,
        install: Vec::new(),
        remove: Vec::new(),
        remove_if_exists: Vec::new(),
        upgrade: Vec::new(),
        files: texts(&[first, second]),
    };
    let by_letter = |path: &str| Some(Digest::of(path.get(..1).unwrap_or_default().as_bytes()));
    assert_eq!(key(&packages("a.deb", "b.deb"), &by_letter), key(&packages("b1.deb", "a1.deb"), &by_letter));
}

#[test]
fn a_tree_is_its_lines_in_any_order() {
    let file = TreeLine { entry_type: "file", mode: None, owner: "", path: "a", content: "blake3:1" };
    let link = TreeLine { entry_type: "symlink", path: "b", content: "a", ..file };
    let digest = tree_digest([file, link]);
    assert_eq!(digest, tree_digest([link, file]));
    assert_eq!(digest, Digest::of(b"[\"file\",null,\"\",\"a\",\"blake3:1\"]\n[\"symlink\",null,\"\",\"b\",\"a\"]\n"));
    assert_ne!(digest, tree_digest([TreeLine { mode: Some(Mode::new(0o755)), ..file }, link]));
    let forged = TreeLine { path: "a\",\"blake3:1\"]\n[\"symlink\",null,\"\",\"b", content: "a", ..file };
    assert_ne!(digest, tree_digest([forged]));
}

#[test]
fn digests_and_modes_have_one_spelling() {
    let digest = Digest::of(b"");
    assert_eq!(digest.to_string(), "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
    assert!("blake3:af".parse::<Digest>().is_err());
    assert_eq!(Mode::new(0o4755).to_string(), "4755");
    for (text, good) in [("0644", true), ("644", false), ("+644", false), ("0844", false), ("00644", false)] {
        assert_eq!(serde_json::from_value::<Mode>(json!(text)).is_ok(), good, "{text}");
    }
}

fn changes(old: &Plan, new: &Plan) -> String {
    let mut out = Vec::new();
    let changes = diff(old, new);
    changes.write_text(&mut out).expect("memory can be written");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn nothing_changes_between_equal_plans() {
    assert!(diff(&small(), &small()).is_empty());
    assert_eq!(changes(&small(), &small()), "web: nothing changes\n");
    // Origins, waves and the order of lists are not meaning.
    let mut other = small();
    other.origins = None;
    other.steps[3].wave = 9;
    other.steps[3].requires.reverse();
    assert_eq!(changes(&small(), &other), "web: nothing changes\n");
}

#[test]
fn a_difference_is_told_by_meaning() {
    let old = small();
    let mut new = small();
    new.parent = None;
    new.steps[2].op = make_dir("/etc/nginx", 0o750);
    new.steps[2].replaces = None;
    new.steps[3].inputs[0].digest = Digest::of(b"server { listen 80; }");
    let removed = new.steps.remove(4);
    new.steps.push(step("symlink:/bin", 1, 0, Phase::Main, every_op().swap_remove(6), &["ensure_dir:/etc/nginx"]));
    new.expects[0].relied_on_by = texts(&["user:db"]);
    new.expects.push(Expect {
        entity: text("user:db"),
        validator: Expected::default(),
        stage: 0,
        relied_on_by: vec![],
    });
    let new = sealed(new);
    snapshot("plan-diff.text", &changes(&old, &new));
    let mut json = Vec::new();
    diff(&old, &new).write_json(&mut json).expect("memory can be written");
    snapshot("plan-diff.json", &String::from_utf8(json).expect("UTF-8"));
    assert_eq!(diff(&old, &new).removed[0].id, removed.id);
}

#[test]
fn a_step_that_only_follows_is_rebuilt_and_says_why() {
    let old = small();
    let mut new = small();
    new.steps[2].op = make_dir("/etc/nginx", 0o700);
    let new = sealed(new);
    let changes = diff(&old, &new);
    assert_eq!(changes.changed.len(), 1);
    let rebuilt: Vec<_> = changes.rebuilt.iter().map(|step| (step.id.as_str(), step.steps.join(" "))).collect();
    assert_eq!(rebuilt, [("install:/etc/nginx/nginx.conf", text("ensure_dir:/etc/nginx"))]);

    let mut new = small();
    new.parent = Some(PlanParent { name: text("base"), digest: Digest::of(b"newer") });
    let changes = diff(&old, &sealed(new));
    assert_eq!(changes.rebuilt.len(), 1);
    assert!(changes.rebuilt[0].base && !changes.rebuilt[0].outside, "{changes:?}");
}

#[test]
fn a_source_under_another_name_has_the_same_outcome() {
    let mut new = small();
    new.steps[3].op = copy_file("other.conf", "/etc/nginx/nginx.conf", &[]);
    new.steps[3].inputs[0].path = text("other.conf");
    let changes = diff(&small(), &sealed(new));
    assert_eq!(changes.changed.len(), 1);
    assert!(!changes.changed[0].outcome && changes.rebuilt.is_empty());
}

#[test]
fn a_new_barrier_moves_only_what_changes_sides_with_one_that_was_there() {
    // A new opaque step before everything: all stages shift, nothing moves.
    let mut new = small();
    for step in &mut new.steps {
        step.stage += 1;
    }
    new.steps.insert(0, step("run:new", 0, 0, Phase::Commands, run("new"), &[]));
    new.stages.insert(0, stage(Phase::Commands, true));
    let changes = diff(&small(), &sealed(new));
    assert_eq!((changes.added.len(), changes.changed.len()), (1, 0), "{changes:?}");
    assert!(changes.stages.is_some());

    // A step that went before the command it stood after.
    let mut new = small();
    let mut moved = new.steps.remove(2);
    moved.stage = 0;
    new.steps[0].stage = 1;
    for step in &mut new.steps[1..] {
        step.stage = 2;
    }
    new.steps.insert(0, moved);
    new.stages.insert(0, stage(Phase::Main, false));
    let changes = diff(&small(), &sealed(new));
    let moved: Vec<_> = changes.changed.iter().map(|step| (step.id.as_str(), step.fields[0].field.as_str())).collect();
    assert_eq!(moved, [("ensure_dir:/etc/nginx", "stage")]);
}

#[test]
fn a_diff_fits_its_schema() {
    let schema = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = schema.into_generator().into_root_schema_for::<featgraph::plan::PlanDiff>();
    let validator = jsonschema::validator_for(&serde_json::to_value(schema).expect("json")).expect("a schema");
    let mut new = every_step();
    new.steps[0].op = make_dir("/srv", 0o700);
    for (old, new) in [(small(), every_step()), (every_step(), sealed(new)), (empty(), small())] {
        let value = serde_json::to_value(diff(&old, &new)).expect("json");
        assert!(validator.is_valid(&value), "{value:#}");
    }
}
