//! The `tanda` program: see [`tanda::cli`].

fn main() -> std::process::ExitCode {
    tanda::serve_if_asked();
    tanda::cli::main()
}
