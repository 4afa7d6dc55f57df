//! What lies where: every range of memory that an environment holds for its user, found by any address in it.
//!
//! A range is an entry of 16 bytes in a hash table, and a bit in the map of the page in which it starts. The entry of an
//! address inside is that of the nearest start below it; since a range of fewer than [`SPANNED`] pages starts at
//! most so many pages earlier, that takes constant time. Larger ranges, and those that start at odd addresses, stand
//! in a list by address; there are few of them.
//!
//! Overhead per range: 17 bytes times the table's spare room (at most 16/7), and 73 bytes times the same for each
//! page in which ranges start: for ten million blocks of 32 bytes, about 32 bytes each in all.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// Addresses hash to their bits, mixed.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = (self.0 ^ value as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }
}

/// A table whose keys are addresses.
pub type ByAddress<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

/// Bytes of a page.
const PAGE: usize = 4096;
/// Ranges in the maps start at multiples of so many bytes.
const GRAIN: usize = 8;
/// Words of a page's map, a bit for each grain.
const WORDS: usize = PAGE / GRAIN / 64;
/// Ranges in the maps are of fewer pages than this.
const SPANNED: usize = 16;

/// What a range is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A block of malloc's family.
    Block = 0,
    /// The same, from an allocator written in JavaScript.
    ForeignBlock = 1,
    /// A part of an arena.
    Arena = 2,
    /// Memory shared between threads.
    Shared = 3,
}

impl Kind {
    /// The kind of that number.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Kind::Block),
            1 => Some(Kind::ForeignBlock),
            2 => Some(Kind::Arena),
            3 => Some(Kind::Shared),
            _ => None,
        }
    }
}

/// A range of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its address.
    pub start: usize,
    /// The bytes that were asked for, which may be 0.
    pub size: usize,
    /// What it is.
    pub kind: Kind,
}

/// The size in the upper 56 bits, the kind in the others.
#[derive(Clone, Copy)]
struct Entry(u64);

impl Entry {
    fn range(self, start: usize) -> Range {
        let kind = Kind::from_number((self.0 & 0xff) as u32).unwrap_or(Kind::Block);
        Range { start, size: (self.0 >> 8) as usize, kind }
    }
}

/// The ranges of one environment.
#[derive(Default)]
pub struct Registry {
    entries: ByAddress<Entry>,
    pages: ByAddress<[u64; WORDS]>,
    /// How many pages beyond that of its start a range in the maps has reached so far.
    reach: usize,
    /// The ends of the ranges that the maps do not hold, by their starts.
    large: BTreeMap<usize, usize>,
}

fn in_maps(start: usize, size: usize) -> bool {
    start.is_multiple_of(GRAIN) && size < (SPANNED - 1) * PAGE
}

/// Gives back most of a table that has become far too large.
fn shrink<T>(table: &mut ByAddress<T>) {
    if table.capacity() > 4096 && table.len() < table.capacity() / 8 {
        table.shrink_to(table.len() * 2);
    }
}

/// The page of an address, and the number of its grain in it.
fn place(address: usize) -> (usize, usize) {
    (address / PAGE, address % PAGE / GRAIN)
}

impl Registry {
    /// Notes a range; `false` where one starts there already.
    pub fn add(&mut self, Range { start, size, kind }: Range) -> bool {
        if self.entries.contains_key(&start) {
            return false;
        }
        self.entries.insert(start, Entry((size as u64) << 8 | kind as u64));
        if in_maps(start, size) {
            let (page, grain) = place(start);
            self.pages.entry(page).or_default()[grain / 64] |= 1 << (grain % 64);
            self.reach = self.reach.max((start % PAGE + size) / PAGE);
        } else {
            self.large.insert(start, start + size);
        }
        true
    }

    /// Forgets the range that starts there, and gives it.
    pub fn remove(&mut self, start: usize) -> Option<Range> {
        let range = self.entries.remove(&start)?.range(start);
        if in_maps(start, range.size) {
            let (page, grain) = place(start);
            if let Some(map) = self.pages.get_mut(&page) {
                map[grain / 64] &= !(1 << (grain % 64));
                if map.iter().all(|word| *word == 0) {
                    self.pages.remove(&page);
                }
            }
        } else {
            self.large.remove(&start);
        }
        shrink(&mut self.entries);
        shrink(&mut self.pages);
        if self.pages.is_empty() {
            self.reach = 0;
        }
        Some(range)
    }

    /// The range that starts there.
    pub fn at(&self, start: usize) -> Option<Range> {
        self.entries.get(&start).map(|entry| entry.range(start))
    }

    /// The range that an address lies in, or is the start of.
    pub fn find(&self, address: usize) -> Option<Range> {
        let found = self.at(address).or_else(|| self.at(self.start_below(address)?));
        let holds = |range: &Range| address == range.start || address - range.start < range.size;
        found.filter(holds).or_else(|| {
            let (start, end) = self.large.range(..=address).next_back()?;
            if address < *end { self.at(*start) } else { None }
        })
    }

    /// The nearest start below an address of a range in the maps, as far as one could reach it.
    fn start_below(&self, address: usize) -> Option<usize> {
        let (page, grain) = place(address);
        let last = |map: &[u64; WORDS]| {
            let (word, bits) = map.iter().enumerate().rev().find(|(_, bits)| **bits != 0)?;
            Some(word * 64 + 63 - bits.leading_zeros() as usize)
        };
        let of = |page: usize, grain: usize| page * PAGE + grain * GRAIN;
        if let Some(map) = self.pages.get(&page) {
            let mut below = *map;
            below[grain / 64] &= u64::MAX >> (63 - grain % 64);
            below[grain / 64 + 1..].fill(0);
            if let Some(grain) = last(&below) {
                return Some(of(page, grain));
            }
        }
        let earlier = page.saturating_sub(self.reach)..page;
        earlier.rev().find_map(|page| Some(of(page, last(self.pages.get(&page)?)?)))
    }

    /// All ranges.
    pub fn ranges(&self) -> impl Iterator<Item = Range> {
        self.entries.iter().map(|(start, entry)| entry.range(*start))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The memory that the tables take, in bytes.
    pub fn overhead(&self) -> usize {
        let table = |capacity: usize, entry: usize| capacity * 8 / 7 * (entry + 1);
        table(self.entries.capacity(), 16)
            + table(self.pages.capacity(), 8 + WORDS * 8)
            + self.large.len() * 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: usize, size: usize) -> Range {
        Range { start, size, kind: Kind::Block }
    }

    #[test]
    fn every_address_of_a_range_is_found_and_no_other() {
        let mut registry = Registry::default();
        let ranges = [
            range(0x1000, 16),
            range(0x1010, 8),
            range(0x1018, 0),
            range(0x1020, 8192),
            range(0x4001, 3),
            range(0x10_0000, 10 * PAGE * SPANNED),
            range(0x100_0000, 100),
        ];
        ranges.iter().for_each(|range| assert!(registry.add(*range)));
        assert!(!registry.add(range(0x1000, 1)), "one starts there");
        for range in ranges {
            assert_eq!(registry.find(range.start), Some(range));
            if range.size > 0 {
                assert_eq!(registry.find(range.start + range.size / 2), Some(range));
                assert_eq!(registry.find(range.start + range.size - 1), Some(range));
            }
        }
        for outside in [0, 0xfff, 0x1019, 0x1020 + 8192, 0x4000, 0x4004, 0xf_ffff, 0x200_0000, usize::MAX] {
            assert_eq!(registry.find(outside), None, "{outside:#x}");
        }
        for range in ranges {
            assert_eq!(registry.remove(range.start), Some(range));
            assert_eq!(registry.remove(range.start), None);
            assert_eq!(registry.find(range.start), None);
        }
        assert!(registry.is_empty() && registry.pages.is_empty() && registry.large.is_empty());
    }

    #[test]
    fn random_ranges_agree_with_a_list_by_address() {
        let (mut registry, mut model) = (Registry::default(), BTreeMap::new());
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..200_000 {
            let address = 0x10_0000 + random(1 << 20) as usize;
            let nearest = |model: &BTreeMap<usize, usize>| {
                let (start, size) = model.range(..=address).next_back()?;
                (address == *start || address < start + size).then_some(range(*start, *size))
            };
            match random(3) {
                0 if model.range(address..).next().is_none_or(|(next, _)| *next > address)
                    && nearest(&model).is_none() =>
                {
                    let room = model.range(address..).next().map_or(1 << 20, |(next, _)| next - address);
                    let most = if random(50) == 0 { 200_000 } else { 300 };
                    let size = (random(most) as usize).min(room);
                    assert!(registry.add(range(address, size)));
                    model.insert(address, size);
                }
                1 => {
                    let start = model.range(address..).next().map_or(address, |(start, _)| *start);
                    assert_eq!(registry.remove(start).map(|found| found.size), model.remove(&start));
                }
                _ => assert_eq!(registry.find(address), nearest(&model), "{address:#x}"),
            }
        }
        assert_eq!(registry.ranges().count(), model.len());
    }
}
