//! `tanda plugins list` and `tanda plugins inspect`.

use clap::Subcommand;
use tanda_plugin_host::Library;

use super::{Exit, complain};
use crate::pipeline::{SearchPath, find_plugin, list_plugins};

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
    println!("{:<16} {:<10} {:<44} file", "name", "version", "flags");
    for library in found {
        println!(
            "{:<16} {:<10} {:<44} {}",
            library.name(),
            library.version(),
            library.flags().to_string(),
            library.path().display()
        );
    }
    Exit::Done
}

fn inspect(plugin: &str, search: &SearchPath) -> Exit {
    let Some(file) = find_plugin(plugin, search) else {
        let message = format!("no plugin `{plugin}`; `tanda plugins list` shows those there are");
        return complain(message, Exit::Refused);
    };
    match Library::open(&file) {
        Err(error) => complain(error, Exit::Refused),
        Ok(library) => {
            println!("name     {}", library.name());
            println!("version  {}", library.version());
            println!("abi      {}", library.abi_version());
            println!("flags    {}", library.flags());
            println!("config   {}", library.config_format());
            println!("file     {}", library.path().display());
            println!("\n{}", library.config_reference().trim_end());
            Exit::Done
        }
    }
}
