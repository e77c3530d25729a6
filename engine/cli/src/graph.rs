//! `tanda graph`.

use clap::{Args, ValueEnum};

use super::{Exit, SceneArgs, complain, print};
use tanda::scene;

#[derive(Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    scene: SceneArgs,
    /// Language of the graph.
    #[arg(short, long, value_enum, default_value_t = Language::Mermaid)]
    format: Language,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// Mermaid, which many Markdown viewers draw.
    Mermaid,
    /// DOT, which Graphviz draws.
    Dot,
}

pub(super) fn graph(args: &GraphArgs) -> Exit {
    match scene::load(&args.scene.scene, &args.scene.params) {
        Err(faults) => complain(faults, Exit::Refused),
        Ok(scene) => {
            let text = match args.format {
                Language::Mermaid => scene::mermaid(&scene),
                Language::Dot => scene::dot(&scene),
            };
            print(&text, Exit::Done)
        }
    }
}
