//! `tanda new-plugin`: a crate that builds, is tested and runs at once.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Exit, complain, print};

#[derive(Args)]
pub(super) struct NewPluginArgs {
    /// Name of the plugin: lower-case letters, digits and `_`, beginning with a letter.
    name: String,
    /// Folder to make; default: the name.
    #[arg(long)]
    path: Option<PathBuf>,
    /// Path of the crate `tanda-plugin`; default: that of the sources this program was built from.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// The SDK beside the sources that this program was built from.
const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/sdk");

const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("scene.ron", include_str!("template/scene.ron.in")),
    ("README.md", include_str!("template/README.md.in")),
];

pub(super) fn new_plugin(args: &NewPluginArgs) -> Exit {
    if !is_name(&args.name) {
        let message = format!(
            "`{}` is no name for a plugin; use lower-case letters, digits and `_`, begin with a \
             letter, and take no word of Rust",
            args.name
        );
        return complain(message, Exit::Refused);
    }
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let sdk = args.sdk.clone().unwrap_or_else(|| PathBuf::from(SDK));
    let Ok(sdk) = sdk.canonicalize() else {
        let message =
            format!("no crate tanda-plugin at {}; name its folder with --sdk", sdk.display());
        return complain(message, Exit::Refused);
    };
    match write_files(&folder, &args.name, &sdk) {
        Ok(()) => {
            let folder = folder.display();
            let next = "cargo test\n  cargo build --release && tanda run scene.ron";
            print(&format!("made {folder}; next:\n  cd {folder}\n  {next}\n"), Exit::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let folder = folder.display();
            let message = format!(
                "{folder}: there is a plugin in it already, which stays as it was; remove the \
                 folder, or name another one with --path"
            );
            complain(message, Exit::Refused)
        }
        Err(error) => complain(format!("{}: {error}", folder.display()), Exit::Failed),
    }
}

/// Words that no crate can be named.
const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else \
    enum extern false final fn for gen if impl in let loop macro match mod move mut override priv \
    pub ref return self static struct super trait true try type typeof unsafe unsized use virtual \
    where while yield ";

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !KEYWORDS.contains(&format!(" {name} "))
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Writes the files of the template; nothing that exists is overwritten.
fn write_files(folder: &Path, name: &str, sdk: &Path) -> std::io::Result<()> {
    let type_name = type_name(name);
    for (file, template) in FILES {
        let text = template
            .replace("{{name}}", name)
            .replace("{{type}}", &type_name)
            .replace("{{sdk}}", &sdk.display().to_string());
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::File::create_new(&path)?.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// `my_plugin` is `MyPlugin`; any other name gets `Plugin` behind it, so that none is a type of the
/// SDK.
fn type_name(name: &str) -> String {
    let words: String = name.split('_').map(capitalised).collect();
    if words.len() > "Plugin".len() && words.ends_with("Plugin") { words } else { words + "Plugin" }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
