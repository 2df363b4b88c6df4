//! The `chatseal` program: the command line does the work and says how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    chatseal::cli::main().into()
}
