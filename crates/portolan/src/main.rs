//! Hands over to the library, so that tests and the demo can use its parts.

use std::process::ExitCode;

fn main() -> ExitCode {
    portolan::main()
}
