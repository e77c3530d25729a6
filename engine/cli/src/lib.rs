//! The command line of Tanda: every command as a small module, what they share here.
//!
//! It reads arguments, shows progress and prints results; what a scene means and how it runs is
//! [`tanda`]'s. Begin at [`main`]. The standard plugins are built beside the program, which finds
//! them there; nothing of them is linked into it.

mod check;
mod graph;
mod new_plugin;
mod plugins;
mod print;
mod refusal;
mod run;
mod show;
mod summary;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use self::print::{complain, print, say};
use tanda::panics;

/// A batch pipeline engine: sources, native plugins and sinks, wired by a scene file.
#[derive(Parser)]
#[command(
    name = "tanda",
    version,
    after_help = "Exit codes: 0 done, 1 failed or ended without draining (Ctrl-C again), \
                  2 refused before start, 130 interrupted after a clean drain.\n\n\
                  Example: tanda run config/basic_pipeline.ron --param out=/tmp/result"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scene to its end. Ctrl-C drains it: what was read is written, then outputs are closed.
    /// Ctrl-C again, a second later, ends it at once, and no output takes its name. SIGTERM and
    /// SIGHUP are as Ctrl-C, but sent again they change nothing. SIGUSR1 has it say what
    /// every batch waits for and why workers were restarted; it does so by itself when nothing has
    /// been read for 10 seconds.
    Run(run::RunArgs),
    /// Check a scene without side effects, and report every fault at once.
    Check(SceneArgs),
    /// Print a scene's graph.
    Graph(graph::GraphArgs),
    /// List the plugins that are found, or look into one.
    #[command(subcommand)]
    Plugins(plugins::PluginsCommand),
    /// Make a crate for a plugin of your own, which builds and runs at once.
    NewPlugin(new_plugin::NewPluginArgs),
}

/// A scene file and overrides of its params.
#[derive(Args)]
struct SceneArgs {
    /// The scene file (RON).
    scene: PathBuf,
    /// Override a param of the scene; may be given several times.
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    params: Vec<(String, String)>,
}

fn parse_param(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        format!("found `{text}`, expected NAME=VALUE, for example input=flights.csv")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done,
    Failed,
    Refused,
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// Runs the program; its whole result is the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TANDA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // It would panic where standard error is full.
        .log_internal_errors(false)
        .init();
    panics::tell_in_one_line();
    take_refusals();
    let served = panics::guarded(|| match Cli::try_parse() {
        Ok(cli) => Ok::<_, String>(serve(cli.command)),
        Err(message) => Ok(tell_usage(&message)),
    });
    served.unwrap_or_else(|panic| complain(panic, Exit::Failed)).into()
}

/// What the system refuses becomes an error, where it would otherwise end the process by a signal.
fn take_refusals() {
    // Refused itself, the signals go on ending the process.
    let _ = tanda_ipc::ignore_file_size_signal();
    let _ = tanda_ipc::end_in_words_on_abort(
        "error: the process had to end at once, most likely since the system refused it memory \
         (see above): raise the limit (`ulimit -v`, `ulimit -d`, the container's memory), or lower \
         `engine.memory`, `engine.threads` and `instances`; outputs keep their `.part` names\n",
    );
}

fn serve(command: Command) -> Exit {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Graph(args) => graph::graph(&args),
        Command::Plugins(command) => plugins::plugins(&command),
        Command::NewPlugin(args) => new_plugin::new_plugin(&args),
    }
}

/// Prints help and version, or what is wrong with the arguments.
fn tell_usage(message: &clap::Error) -> Exit {
    let text = message.render();
    if message.use_stderr() {
        if io::stderr().is_terminal() {
            say(text.ansi())
        } else {
            say(text)
        }
        return Exit::Refused;
    }
    let text = if io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    print(&text, Exit::Done)
}
