//! The runner of the fuzz targets for the stable toolchain.

fn main() -> std::process::ExitCode {
    glowplug_fuzz::runner::main()
}
