//! The `tanda` program: see [`tanda::cli`].

fn main() -> std::process::ExitCode {
    tanda::cli::main()
}
