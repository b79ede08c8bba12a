//! What the host needs of the linker: the stack pointer, which a fork carries over, and a stack below everything else,
//! so that an overflow traps. No initial heap is asked for: what is left of the last page behind the data is enough for an
//! ordinary start, and a fork looks at all of it (adr/0016).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        for argument in ["--export=__stack_pointer", "-zstack-size=4194304", "--stack-first"] {
            println!("cargo::rustc-link-arg={argument}");
        }
    }
}
