//! The graph of an image for other tools: DOT, Mermaid and a versioned JSON, from plain rows.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::escaped;

/// A feature, or what stands for several of them.
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// Unique and stable, such as the id of its step.
    pub id: String,
    /// What people see.
    pub label: String,
    /// The phase it belongs to.
    pub phase: String,
    /// The stage it belongs to, where there is a plan.
    pub stage: Option<u32>,
    /// Whether it is made because something else needs it.
    pub implied: bool,
    /// Whether an error was found in it.
    pub broken: bool,
}

/// A requirement: `from` provides the entity, `to` requires it. So edges point in the order of time.
#[derive(Clone, Debug)]
pub struct GraphEdge {
    /// Index of the node that provides.
    pub from: usize,
    /// Index of the node that requires.
    pub to: usize,
    /// Canonical key of the entity between them.
    pub entity: String,
    /// Whether `from` must come first; if not, both must merely be there in the end.
    pub ordered: bool,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// The language of Graphviz.
    Dot,
    /// A flowchart for Mermaid.
    Mermaid,
    /// The versioned JSON.
    Json,
}

impl GraphFormat {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Dot, Self::Mermaid, Self::Json];

    /// As named on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Json => "json",
        }
    }

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name() == name)
    }
}

/// Writes the graph of an image, nodes and edges in the order given. Edges to nodes that are not there are left out.
pub fn write(
    format: GraphFormat,
    image: &str,
    nodes: &[GraphNode],
    edges: &[GraphEdge],
    out: &mut dyn Write,
) -> io::Result<()> {
    let graph = Graph { image, nodes, edges };
    let mut out = BufWriter::new(out);
    match format {
        GraphFormat::Dot => dot(&graph, &mut out)?,
        GraphFormat::Mermaid => mermaid(&graph, &mut out)?,
        GraphFormat::Json => json(&graph, &mut out)?,
    }
    out.flush()
}

/// The schema of the JSON, from its types.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'_>)
}

#[derive(Clone, Copy)]
struct Graph<'a> {
    image: &'a str,
    nodes: &'a [GraphNode],
    edges: &'a [GraphEdge],
}

impl<'a> Graph<'a> {
    /// The edges that join two nodes of the graph.
    fn edges(self) -> impl Iterator<Item = &'a GraphEdge> {
        self.edges.iter().filter(move |edge| edge.from < self.nodes.len() && edge.to < self.nodes.len())
    }

    /// Indices of the nodes of each phase, phases in the order in which they first appear.
    fn phases(self) -> Vec<(&'a str, Vec<usize>)> {
        let mut phases: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut known = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let number = *known.entry(node.phase.as_str()).or_insert_with(|| {
                phases.push((&node.phase, Vec::new()));
                phases.len() - 1
            });
            phases[number].1.push(index);
        }
        phases
    }
}

fn dot(graph: &Graph<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph {} {{", dot_quoted(graph.image))?;
    writeln!(out, "  rankdir=LR;\n  node [shape=box];")?;
    for (number, (phase, nodes)) in graph.phases().into_iter().enumerate() {
        writeln!(out, "  subgraph cluster_{number} {{\n    label={};", dot_quoted(phase))?;
        for index in nodes {
            let node = &graph.nodes[index];
            write!(out, "    n{index} [label={}, tooltip={}", dot_quoted(&node.label), dot_quoted(&node.id))?;
            if node.implied {
                write!(out, ", style=dashed")?;
            }
            if node.broken {
                write!(out, ", color=red, fontcolor=red")?;
            }
            writeln!(out, "];")?;
        }
        writeln!(out, "  }}")?;
    }
    for edge in graph.edges() {
        write!(out, "  n{} -> n{} [label={}", edge.from, edge.to, dot_quoted(&edge.entity))?;
        if !edge.ordered {
            write!(out, ", style=dashed, constraint=false")?;
        }
        writeln!(out, "];")?;
    }
    writeln!(out, "}}")
}

/// A quoted string of DOT. A backslash begins escapes such as `\N` and `\G` there, so it is doubled.
fn dot_quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('\\', "\\\\").replace('"', "\\\""))
}

fn mermaid(graph: &Graph<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (number, (phase, nodes)) in graph.phases().into_iter().enumerate() {
        writeln!(out, "  subgraph p{number}[{}]", mermaid_quoted(phase))?;
        for index in nodes {
            writeln!(out, "    n{index}[{}]", mermaid_quoted(&graph.nodes[index].label))?;
        }
        writeln!(out, "  end")?;
    }
    for edge in graph.edges() {
        let arrow = if edge.ordered { "-->" } else { "-.->" };
        writeln!(out, "  n{} {arrow}|{}| n{}", edge.from, mermaid_quoted(&edge.entity), edge.to)?;
    }
    type Class = (&'static str, &'static str, fn(&GraphNode) -> bool);
    let classes: [Class; 2] = [
        ("implied", "stroke-dasharray: 4 3", |node| node.implied),
        ("broken", "stroke: red, color: red", |node| node.broken),
    ];
    for (class, style, is_in) in classes {
        let members: Vec<String> = (0..graph.nodes.len())
            .filter(|&index| is_in(&graph.nodes[index]))
            .map(|index| format!("n{index}"))
            .collect();
        if !members.is_empty() {
            writeln!(out, "  classDef {class} {style}\n  class {} {class}", members.join(","))?;
        }
    }
    Ok(())
}

/// A quoted text of Mermaid, where entities are written `#name;` or `#number;`. Quote, backslash, backquote and angle
/// brackets would end it, break it, or make it Markdown or HTML.
fn mermaid_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in escaped(text).chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '\\' | '`' | '|' | ';' => out.push_str(&format!("#{};", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What `featgraph graph --format json` writes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Graph")]
struct Document<'a> {
    /// Version of this format. The same major version only gains keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    format_version: &'static str,
    /// The image's name.
    image: &'a str,
    /// Features, in a stable order.
    #[schemars(with = "Vec<Node<'a>>")]
    nodes: Nodes<'a>,
    /// Requirements, in a stable order.
    #[schemars(with = "Vec<Edge<'a>>")]
    edges: Edges<'a>,
}

/// A feature.
#[derive(Serialize, JsonSchema)]
struct Node<'a> {
    /// Unique and stable.
    id: &'a str,
    /// For people.
    label: &'a str,
    /// The phase it belongs to.
    phase: &'a str,
    /// The stage it belongs to; absent where there is no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<u32>,
    /// Whether it is made because something else needs it.
    implied: bool,
    /// Whether an error was found in it.
    broken: bool,
}

/// A requirement.
#[derive(Serialize, JsonSchema)]
struct Edge<'a> {
    /// Id of the node that provides the entity.
    from: &'a str,
    /// Id of the node that requires it.
    to: &'a str,
    /// Canonical key of the entity.
    entity: &'a str,
    /// Whether `from` must come first.
    ordered: bool,
}

struct Nodes<'a>(&'a [GraphNode]);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|node| Node {
            id: &node.id,
            label: &node.label,
            phase: &node.phase,
            stage: node.stage,
            implied: node.implied,
            broken: node.broken,
        }))
    }
}

struct Edges<'a>(Graph<'a>);

impl Serialize for Edges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nodes = self.0.nodes;
        serializer.collect_seq(self.0.edges().map(|edge| Edge {
            from: &nodes[edge.from].id,
            to: &nodes[edge.to].id,
            entity: &edge.entity,
            ordered: edge.ordered,
        }))
    }
}

fn json(graph: &Graph<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document =
        Document { format_version: "1.0", image: graph.image, nodes: Nodes(graph.nodes), edges: Edges(*graph) };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
