//! Which addresses hold code, and in which module.

pub use crate::os::{Module, module_of};

use crate::os;
use crate::upcall::is_trampoline;

/// Whether the address lies in executable memory: in the code of a loaded module, or in pages that a
/// program made executable itself.
pub fn is_executable(address: usize) -> bool {
    is_trampoline(address) || os::is_code(address)
}

/// Keeps this addon mapped for the life of the process: Node unloads an addon with the last
/// environment that loaded it, and stubs and the fault handler outlive that.
pub fn pin_this_module() {
    if let Some(module) = module_of(pin_this_module as *const () as usize) {
        os::pin(&module.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_data_are_told_apart() {
        let data = Box::new(0u64);
        assert!(is_executable(is_executable as *const () as usize));
        assert!(is_executable(libc::malloc as *const () as usize));
        assert!(!is_executable(&raw const *data as usize));
        assert!(!is_executable(&raw const data as usize));
        assert!(!is_executable(0));
        assert!(!is_executable(usize::MAX));
    }
}
