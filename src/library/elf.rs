//! What ELF files say of their symbols, read without loading them.

use std::collections::{HashSet, VecDeque};
use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memmap2::Mmap;
use object::Endianness;
use object::elf::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, FileHeader64, SHN_ABS, STB_GLOBAL, STT_FUNC,
    STT_GNU_IFUNC,
};
use object::read::elf::{Dyn, ElfFile, ProgramHeader, Sym};

use super::{is_loaded, search};

type Elf<'data> = ElfFile<'data, FileHeader64<Endianness>, &'data [u8]>;

fn map(path: &Path) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    // SAFETY: a library that is truncated while it is mapped would break the loader as well.
    #[allow(unsafe_code)]
    unsafe { Mmap::map(&file) }.ok()
}

/// A kind of exported symbol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Global, not weak, and a function.
    StrongFunction,
    /// Anything.
    Any,
}

fn exported<'data>(elf: &Elf<'data>, kind: Kind) -> Vec<&'data [u8]> {
    let endian = elf.endian();
    let table = elf.elf_dynamic_symbol_table();
    let wanted = |symbol: &object::elf::Sym64<Endianness>| {
        // Absolute symbols are the names of versions.
        let defined = !symbol.is_undefined(endian) && symbol.st_shndx(endian) != SHN_ABS;
        let function = matches!(symbol.st_type(), STT_FUNC | STT_GNU_IFUNC);
        defined && (kind == Kind::Any || (symbol.st_bind() == STB_GLOBAL && function))
    };
    table
        .iter()
        .filter(|symbol| wanted(symbol))
        .filter_map(|symbol| symbol.name(endian, table.strings()).ok())
        .collect()
}

/// The names a library exports; none where the file cannot be read.
pub(super) fn exported_names(path: &str) -> Vec<String> {
    let executable = Path::new("/proc/self/exe");
    let Some(file) = map(if path.is_empty() { executable } else { Path::new(path) }) else {
        return Vec::new();
    };
    let Ok(elf) = Elf::parse(&*file) else { return Vec::new() };
    exported(&elf, Kind::Any).into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// The C functions that the running executable exports. C++ names do not count: a C++ library and
/// the executable are meant to share the operators and templates they both have.
static EXECUTABLE: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let Some(file) = map(Path::new("/proc/self/exe")) else { return HashSet::new() };
    let Ok(elf) = Elf::parse(&*file) else { return HashSet::new() };
    exported(&elf, Kind::StrongFunction).into_iter().filter(|name| is_c(name)).map(<[u8]>::to_vec).collect()
});

/// Whether a name is C's own: not mangled, and not one that every program has.
fn is_c(name: &[u8]) -> bool {
    !name.starts_with(b"_Z") && !matches!(name, b"_init" | b"_fini" | b"_start" | b"main")
}

/// Whether the library, or a library it needs that is not loaded yet, exports a strong C function
/// that the executable exports too: loaded plainly, it would call the executable's.
///
/// Never so under `LD_PRELOAD` and the sanitizers, which rely on being bound first.
pub(super) fn clashes_with_executable(name: &str) -> bool {
    if env::var_os("LD_PRELOAD").is_some_and(|value| !value.is_empty()) || under_sanitizer() {
        return false;
    }
    let Some(first) = search::file_of(name, &[]) else { return false };
    let mut seen = HashSet::from([first.clone()]);
    let mut queue = VecDeque::from([first]);
    while let Some(path) = queue.pop_front() {
        let Some(file) = map(&path) else { continue };
        let Ok(elf) = Elf::parse(&*file) else { continue };
        if exported(&elf, Kind::StrongFunction).into_iter().any(|name| EXECUTABLE.contains(name)) {
            return true;
        }
        let (needed, run_paths) = dependencies(&elf, &path);
        for name in needed {
            if is_loaded(&name) {
                continue;
            }
            if let Some(path) = search::file_of(&name, &run_paths)
                && seen.insert(path.clone())
            {
                queue.push_back(path);
            }
        }
    }
    false
}

fn under_sanitizer() -> bool {
    let process = super::Loaded::open(
        None,
        super::Options { lazy: true, global: false, nodelete: false, deep: super::Deep::Never },
    );
    let names = [c"__asan_init", c"__tsan_init", c"__msan_init"];
    process.is_ok_and(|process| names.iter().any(|name| process.symbol(name, None).is_some()))
}

/// The libraries a file needs, and the directories it wants them looked for in.
fn dependencies(elf: &Elf<'_>, path: &Path) -> (Vec<String>, Vec<PathBuf>) {
    let endian = elf.endian();
    let data = elf.data();
    let mut needed = Vec::new();
    let mut run_paths = Vec::new();
    let Some(entries) =
        elf.elf_program_headers().iter().find_map(|header| header.dynamic(endian, data).ok().flatten())
    else {
        return (needed, run_paths);
    };
    let value = |tag| entries.iter().find(|entry| entry.tag(endian) == tag).map(|entry| entry.val(endian));
    let (Some(strings), Some(size)) = (value(DT_STRTAB), value(DT_STRSZ)) else { return (needed, run_paths) };
    let strings = elf
        .elf_program_headers()
        .iter()
        .find_map(|header| header.data_range(endian, data, strings, size).ok().flatten())
        .unwrap_or_default();
    let text = |offset: u64| -> Option<String> {
        let rest = strings.get(usize::try_from(offset).ok()?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    };
    let origin = path.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
    for entry in entries {
        let Some(name) = text(entry.val(endian)) else { continue };
        match entry.tag(endian) {
            DT_NEEDED => needed.push(name),
            DT_RPATH | DT_RUNPATH => run_paths.extend(
                name.split(':')
                    .map(|path| path.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin).into()),
            ),
            _ => {}
        }
    }
    (needed, run_paths)
}
