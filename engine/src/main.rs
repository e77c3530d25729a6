//! The `tanda` program: see [`tanda::cli`].

tanda::shared_memory!();

fn main() -> std::process::ExitCode {
    tanda::serve_if_asked();
    tanda::cli::main()
}
