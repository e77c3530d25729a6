//! `tanda plugins list` and `tanda plugins inspect`.

use std::fmt::Write as _;

use clap::Subcommand;
use tanda_plugin_host::Library;

use super::{Exit, complain, print};
use tanda::pipeline::{SearchPath, find_plugin, list_plugins};

#[derive(Subcommand)]
pub(super) enum PluginsCommand {
    /// List the plugins that are found, and where.
    List,
    /// Print a plugin's name, version, ABI, flags and config reference.
    Inspect {
        /// Name of a plugin (`validation`) or path of a `.so`.
        plugin: String,
    },
}

pub(super) fn plugins(command: &PluginsCommand) -> Exit {
    let search = SearchPath::new(&[]);
    match command {
        PluginsCommand::List => list(&search),
        PluginsCommand::Inspect { plugin } => inspect(plugin, &search),
    }
}

/// Lists what can be opened; libraries that are no plugins are left out.
fn list(search: &SearchPath) -> Exit {
    let found: Vec<_> =
        list_plugins(search).iter().filter_map(|file| Library::open(file).ok()).collect();
    if found.is_empty() {
        let folders: Vec<_> =
            search.folders().iter().map(|folder| folder.display().to_string()).collect();
        let message = format!(
            "no plugins in {}; build them with `cargo build`, or set TANDA_PLUGIN_PATH",
            folders.join(", ")
        );
        return complain(message, Exit::Failed);
    }
    let mut text = format!("{:<16} {:<10} {:<44} file\n", "name", "version", "flags");
    for library in found {
        let _ = writeln!(
            text,
            "{:<16} {:<10} {:<44} {}",
            library.name(),
            library.version(),
            library.flags().to_string(),
            library.path().display()
        );
    }
    print(&text, Exit::Done)
}

fn inspect(plugin: &str, search: &SearchPath) -> Exit {
    let Some(file) = find_plugin(plugin, search) else {
        let message = format!("no plugin `{plugin}`; `tanda plugins list` shows those there are");
        return complain(message, Exit::Refused);
    };
    match Library::open(&file) {
        Err(error) => complain(error, Exit::Refused),
        Ok(library) => {
            let text = format!(
                "name     {}\nversion  {}\nabi      {}\nflags    {}\nconfig   {}\nfile     {}\n\n{}\n",
                library.name(),
                library.version(),
                library.abi_version(),
                library.flags(),
                library.config_format(),
                library.path().display(),
                library.config_reference().trim_end(),
            );
            print(&text, Exit::Done)
        }
    }
}
