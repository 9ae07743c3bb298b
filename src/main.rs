//! tmp
use featgraph::{compile::*, load::*, plan, render};
#[allow(clippy::all, clippy::print_stdout)]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut ws = Workspace::new();
    if args[0] == "plan" {
        ws.want_digests();
    }
    for a in &args[1..] {
        if a.contains(".toml") || a.contains(".json") {
            ws.open(a.clone());
        }
    }
    load(&mut ws, std::path::Path::new("."), &Overlay::default());
    let out = &mut std::io::stdout();
    let show = |r: &Report, out: &mut dyn std::io::Write| {
        use featgraph::catalog::Severity::*;
        let s = render::Summary {
            errors: r.count(Error),
            warnings: r.count(Warning),
            infos: r.count(Info),
            images: r.images,
            incomplete: r.incomplete,
            features: r.features,
        };
        let f = if args.iter().any(|a| a == "--json") {
            render::Format::Json
        } else if args.iter().any(|a| a == "-c") {
            render::Format::Concise
        } else {
            render::Format::Full
        };
        render::render(f, &r.diagnostics, &s, &Default::default(), out).unwrap();
    };
    if args[0] == "check" {
        let r = ws.check(&Levels::default());
        show(&r, out);
    } else {
        let (r, c) = ws.compile_image(&args[1], &Levels::default());
        if r.diagnostics.len() > 0 {
            show(&r, out);
        }
        if r.count(featgraph::catalog::Severity::Error) == 0 {
            let c = c.unwrap();
            let b = plan::Built::new(&c.graph, ws.inputs());
            plan::write(
                &b,
                if args.iter().any(|a| a == "-t") { plan::PlanFormat::Text } else { plan::PlanFormat::Json },
                true,
                out,
            )
            .unwrap();
        }
    }
}
