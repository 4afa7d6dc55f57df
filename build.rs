//! Sets the linker up for a Node-API addon, and says whether the register paths are built.

use std::env;

/// Whether cargo builds for that.
fn builds_for(what: &str, value: &str) -> bool {
    env::var(format!("CARGO_CFG_TARGET_{what}")).is_ok_and(|found| found == value)
}

fn main() {
    napi_build::setup();
    // The files called `…_sysv64` know the registers of that convention, and how Linux hands out threads, stacks and
    // faults. ARKFFI_PORTABLE=1 builds their twins instead, as other platforms do.
    println!("cargo::rustc-check-cfg=cfg(sysv64)");
    println!("cargo::rerun-if-env-changed=ARKFFI_PORTABLE");
    if builds_for("ARCH", "x86_64") && builds_for("OS", "linux") && env::var_os("ARKFFI_PORTABLE").is_none() {
        println!("cargo::rustc-cfg=sysv64");
    }
}
