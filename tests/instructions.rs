//! The bench of the same name, of the program as tests build it: every run of the tests looks whether a start has grown.

#[path = "../benches/instructions.rs"]
mod bench;

fn main() -> std::process::ExitCode {
    bench::main()
}
