//! The graph of a scene as text for Mermaid and for Graphviz.

use std::fmt::Write as _;

use super::graph::Graph;
use super::model::{Read, Scene, Stage, StageBody, Write};
use super::paths;

/// The scene as a Mermaid flowchart: sources as stadiums, plugins as boxes, sinks as cylinders; an
/// edge from another port than `main` carries its name.
#[must_use]
pub fn mermaid(scene: &Scene) -> String {
    let mut drawing = String::from("flowchart LR\n");
    for (index, stage) in scene.stages.iter().enumerate() {
        let (open, close) = match stage.body {
            StageBody::Source(_) => ("([", "])"),
            StageBody::Plugin(_) => ("[", "]"),
            StageBody::Sink(_) => ("[(", ")]"),
        };
        let (name, detail) = (mermaid_text(&stage.name), mermaid_text(&detail(stage)));
        line(&mut drawing, format_args!("s{index}{open}\"{name}<br/>{detail}\"{close}"));
    }
    for edge in Graph::of(scene).edges() {
        let label = match edge.port.as_str() {
            "main" => String::new(),
            port => format!("|\"{}\"|", mermaid_text(port)),
        };
        line(&mut drawing, format_args!("s{} -->{label} s{}", edge.from, edge.to));
    }
    drawing
}

/// The scene as a Graphviz digraph: sources as ellipses, plugins as boxes, sinks as cylinders; an
/// edge from another port than `main` carries its name.
#[must_use]
pub fn dot(scene: &Scene) -> String {
    let mut drawing = format!("digraph \"{}\" {{\n", dot_text(&scene.name));
    line(&mut drawing, format_args!("rankdir=LR;"));
    for (index, stage) in scene.stages.iter().enumerate() {
        let shape = match stage.body {
            StageBody::Source(_) => "ellipse",
            StageBody::Plugin(_) => "box",
            StageBody::Sink(_) => "cylinder",
        };
        let (name, detail) = (dot_text(&stage.name), dot_text(&detail(stage)));
        line(&mut drawing, format_args!("s{index} [shape={shape}, label=\"{name}\\n{detail}\"];"));
    }
    for edge in Graph::of(scene).edges() {
        let label = match edge.port.as_str() {
            "main" => String::new(),
            port => format!(" [label=\"{}\"]", dot_text(port)),
        };
        line(&mut drawing, format_args!("s{} -> s{}{label};", edge.from, edge.to));
    }
    drawing.push_str("}\n");
    drawing
}

fn line(drawing: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(drawing, "    {text}").expect("writing to a String never fails");
}

/// What stands under the name of a stage: its plugin, or its format and path.
fn detail(stage: &Stage) -> String {
    let (format, path) = match &stage.body {
        StageBody::Plugin(plugin) => return plugin.library.clone(),
        StageBody::Source(source) => (read_format(&source.read), paths::of_read(&source.read)),
        StageBody::Sink(sink) => (write_format(&sink.write), paths::of_write(&sink.write)),
    };
    path.map_or_else(|| format.to_owned(), |path| format!("{format} {path}"))
}

fn read_format(read: &Read) -> &'static str {
    match read {
        Read::Csv(_) => "Csv",
        Read::Ndjson(_) => "Ndjson",
        Read::Parquet(_) => "Parquet",
        Read::Arrow(_) => "Arrow",
        Read::Generator(_) => "Generator",
    }
}

fn write_format(write: &Write) -> &'static str {
    match write {
        Write::Csv(_) => "Csv",
        Write::Ndjson(_) => "Ndjson",
        Write::Parquet(_) => "Parquet",
        Write::Arrow(_) => "Arrow",
        Write::File(_) => "File",
        Write::Blackhole => "Blackhole",
    }
}

/// Mermaid takes character codes between `#` and `;` inside quoted labels.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | ';' | '\\' | '`' | '\n' | '\r' => {
                escaped.push_str(&format!("#{};", u32::from(c)));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// In a quoted DOT label a backslash begins an escape and a quote ends the label.
fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
}
