//! The `tanda` program: see [`tanda_cli`].

tanda::shared_memory!();

fn main() -> std::process::ExitCode {
    tanda::serve_if_asked();
    tanda_cli::main()
}
