//! Where libraries are looked for: the spellings of a name, and the file of a soname.
//!
//! The loader does the loading; these look-ups only offer it names, and find the files whose symbols
//! are compared before they are loaded.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The names to try for what the user gave, in order.
pub(super) fn candidates(name: &str) -> Vec<String> {
    let file_name = |text: &str| text.contains('/') || text.contains(".so") || text.contains(".dylib");
    if file_name(name) || (cfg!(windows) && (name.contains('\\') || name.to_lowercase().ends_with(".dll"))) {
        return vec![name.to_owned()];
    }
    if cfg!(windows) {
        return vec![format!("{name}.dll"), format!("lib{name}.dll")];
    }
    let suffix = if cfg!(target_os = "macos") { "dylib" } else { "so" };
    let plain = format!("lib{name}.{suffix}");
    let mut versions = versions_of(&format!("{plain}."));
    let mut names = vec![plain];
    names.append(&mut versions);
    names.push(format!("{name}.{suffix}"));
    names.push(name.to_owned());
    names
}

/// The sonames that begin so, highest version first.
fn versions_of(prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = cache_entries().into_iter().map(|(soname, _)| soname).collect();
    for directory in DIRECTORIES {
        let files = fs::read_dir(directory).into_iter().flatten().flatten();
        names.extend(files.filter_map(|file| file.file_name().into_string().ok()));
    }
    names.retain(|name| name.starts_with(prefix));
    let version = |name: &String| -> Vec<u32> {
        name[prefix.len()..].split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    names.sort_by_key(|name| (std::cmp::Reverse(version(name)), name.clone()));
    names.dedup();
    names
}

/// Directories that glibc and musl search without being told.
const DIRECTORIES: [&str; 5] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"];

/// The file that the loader would choose for a name needed by a library with those search paths.
pub(super) fn file_of(name: &str, run_paths: &[PathBuf]) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    let configured = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let in_directory = |directory: &Path| Some(directory.join(name)).filter(|path| path.is_file());
    env::split_paths(&configured)
        .filter(|directory| !directory.as_os_str().is_empty())
        .chain(run_paths.iter().cloned())
        .find_map(|directory| in_directory(&directory))
        .or_else(|| {
            cache_entries().into_iter().find(|(soname, _)| soname == name).map(|(_, path)| path.into())
        })
        .or_else(|| DIRECTORIES.iter().find_map(|directory| in_directory(Path::new(directory))))
}

/// The sonames and files of `/etc/ld.so.cache`, in the format glibc has written since 2.2
/// (`glibc-ld.so.cache1.1`: a header of 48 bytes, entries of 24 with offsets of their strings).
fn cache_entries() -> Vec<(String, String)> {
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    let Ok(cache) = fs::read("/etc/ld.so.cache") else { return Vec::new() };
    let magic = b"glibc-ld.so.cache1.1";
    let Some(start) = cache.windows(magic.len()).position(|window| window == magic) else {
        return Vec::new();
    };
    let cache = &cache[start..];
    let number = |at: usize| -> Option<usize> {
        let bytes = cache.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_ne_bytes(bytes)).ok()
    };
    let text = |at: usize| -> Option<String> {
        let rest = cache.get(at..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    };
    (0..number(20).unwrap_or(0))
        .map_while(|index| {
            let entry = HEADER + index * ENTRY;
            Some((text(number(entry + 4)?)?, text(number(entry + 8)?)?))
        })
        .collect()
}
