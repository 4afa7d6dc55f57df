//! The memory of struct results: blocks of an environment, each alive from the call that fills it
//! until `releasePtr`.
//!
//! Blocks of up to [`MAX_POOLED`] bytes are cut from chunks of one size each; whether one is live is a
//! bit of its chunk. Every operation takes constant time: a chunk is found by its aligned address.
//! The cost of a block is 2 bytes and 1 bit on top of its size rounded up to 16 bytes; a chunk
//! without live blocks is given back, but for one of each size.
//!
//! # Safety
//! A larger block is freed with the layout that it was allocated with, which is kept beside it.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use memmap2::MmapMut;

use crate::error::{Code, Error, Result};

/// Blocks are multiples of this many bytes, and aligned to it as malloc's are.
const GRAIN: usize = 16;
/// Chunks are of this size and alignment, in bytes. The kernel provides only the pages that are used.
const CHUNK: usize = 1024 * 1024;
/// Larger blocks are allocated one by one.
const MAX_POOLED: usize = 1024;

/// Addresses hash to their bits, mixed.
#[derive(Default)]
struct AddressHasher(u64);

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

type ByAddress<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

struct Chunk {
    /// Twice a chunk's size, so that an aligned one lies within.
    _mapping: MmapMut,
    base: usize,
    /// The size of its blocks, in bytes.
    block: usize,
    /// Blocks from this number on were never given out.
    fresh: usize,
    /// Numbers of the blocks given back.
    returned: Vec<u16>,
    /// Bit *n*: block *n* is live.
    live: Vec<u64>,
    count: usize,
    /// Where it stands in the list of chunks with room, if it does.
    listed: Option<usize>,
}

impl Chunk {
    fn capacity(&self) -> usize {
        CHUNK / self.block
    }
}

/// The struct results of one environment.
#[derive(Default)]
pub struct Pool {
    /// Chunks by number; the numbers of those given back are used again.
    chunks: Vec<Option<Chunk>>,
    unused: Vec<usize>,
    by_base: ByAddress<usize>,
    /// By the block's size in grains: the chunks with room.
    with_room: Vec<Vec<usize>>,
    /// Blocks too large for a chunk.
    large: ByAddress<Layout>,
}

fn exhausted(size: usize) -> Error {
    Error::new(Code::OutOfMemory, format!("no memory for a struct of {size} bytes"))
}

impl Pool {
    /// A block of at least so many bytes, whose size is rounded up to whole words.
    ///
    /// # Errors
    /// [`Code::OutOfMemory`].
    pub fn take(&mut self, size: usize) -> Result<usize> {
        let grains = size.div_ceil(GRAIN).max(1);
        if grains * GRAIN > MAX_POOLED {
            let layout = Layout::from_size_align(grains * GRAIN, GRAIN).map_err(|_| exhausted(size))?;
            // SAFETY: the layout is of more than MAX_POOLED bytes.
            let address = unsafe { alloc(layout) } as usize;
            if address == 0 {
                return Err(exhausted(size));
            }
            self.large.insert(address, layout);
            return Ok(address);
        }
        if self.with_room.len() <= grains {
            self.with_room.resize_with(grains + 1, Vec::new);
        }
        let number = match self.with_room[grains].last() {
            Some(number) => *number,
            None => self.add_chunk(grains)?,
        };
        let Some(chunk) = &mut self.chunks[number] else { return Err(exhausted(size)) };
        let block = chunk.returned.pop().map_or(chunk.fresh, usize::from);
        if block == chunk.fresh {
            chunk.fresh += 1;
        }
        chunk.live[block / 64] |= 1 << (block % 64);
        chunk.count += 1;
        let address = chunk.base + block * chunk.block;
        if chunk.count == chunk.capacity() {
            self.unlist(number);
        }
        Ok(address)
    }

    /// Takes a block back; `false` for anything but the start of a live one.
    pub fn release(&mut self, address: usize) -> bool {
        let base = address & !(CHUNK - 1);
        let Some(number) = self.by_base.get(&base).copied() else { return self.release_large(address) };
        let Some(chunk) = &mut self.chunks[number] else { return false };
        let block = (address - base) / chunk.block;
        let bit = 1u64 << (block % 64);
        let is_start = (address - base).is_multiple_of(chunk.block) && block < chunk.capacity();
        if !is_start || chunk.live[block / 64] & bit == 0 {
            return false;
        }
        chunk.live[block / 64] &= !bit;
        chunk.returned.push(block as u16);
        chunk.count -= 1;
        let (is_empty, grains) = (chunk.count == 0, chunk.block / GRAIN);
        if chunk.listed.is_none() {
            chunk.listed = Some(self.with_room[grains].len());
            self.with_room[grains].push(number);
        }
        if is_empty && self.with_room[grains].len() > 1 {
            self.drop_chunk(number);
        }
        true
    }

    fn release_large(&mut self, address: usize) -> bool {
        let Some(layout) = self.large.remove(&address) else { return false };
        // SAFETY: allocated in `take` with this layout, and forgotten above.
        unsafe { dealloc(address as *mut u8, layout) };
        true
    }

    fn add_chunk(&mut self, grains: usize) -> Result<usize> {
        let mapping = MmapMut::map_anon(2 * CHUNK).map_err(|_| exhausted(CHUNK))?;
        let base = (mapping.as_ptr() as usize).next_multiple_of(CHUNK);
        let block = grains * GRAIN;
        let number = self.unused.pop().unwrap_or_else(|| {
            self.chunks.push(None);
            self.chunks.len() - 1
        });
        let live = vec![0; (CHUNK / block).div_ceil(64)];
        let listed = Some(self.with_room[grains].len());
        self.chunks[number] = Some(Chunk {
            _mapping: mapping,
            base,
            block,
            fresh: 0,
            returned: Vec::new(),
            live,
            count: 0,
            listed,
        });
        self.with_room[grains].push(number);
        self.by_base.insert(base, number);
        Ok(number)
    }

    /// Takes a chunk off the list of those with room.
    fn unlist(&mut self, number: usize) {
        let Some(chunk) = &mut self.chunks[number] else { return };
        let (Some(at), grains) = (chunk.listed.take(), chunk.block / GRAIN) else { return };
        self.with_room[grains].swap_remove(at);
        if let Some(moved) = self.with_room[grains].get(at).copied()
            && let Some(chunk) = &mut self.chunks[moved]
        {
            chunk.listed = Some(at);
        }
    }

    fn drop_chunk(&mut self, number: usize) {
        self.unlist(number);
        if let Some(chunk) = self.chunks[number].take() {
            self.by_base.remove(&chunk.base);
            self.unused.push(number);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (address, layout) in self.large.drain() {
            // SAFETY: allocated in `take` with this layout, and never released.
            unsafe { dealloc(address as *mut u8, layout) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn live_blocks_are_unique_and_released_once() {
        let mut pool = Pool::default();
        let sizes = [0, 1, 16, 17, 100, 1024, 1025, 100_000];
        let taken: Vec<usize> = (0..40_000).map(|n| pool.take(sizes[n % 8]).expect("memory")).collect();
        assert_eq!(taken.iter().collect::<HashSet<_>>().len(), taken.len());
        assert!(taken.iter().all(|address| address.is_multiple_of(GRAIN)));
        for address in &taken {
            assert!(!pool.release(address + 1), "not a start");
            assert!(!pool.release(address + 8), "not a start");
            assert!(pool.release(*address));
            assert!(!pool.release(*address), "released already");
        }
        assert!(!pool.release(0));
        assert!(!pool.release(usize::MAX));
        let kept = pool.chunks.iter().flatten().count();
        assert!(kept <= 5, "a chunk of each size at most, not {kept}");
    }

    #[test]
    fn blocks_are_used_again() {
        let mut pool = Pool::default();
        for _ in 0..10 {
            let taken: Vec<usize> = (0..100_000).map(|_| pool.take(32).expect("memory")).collect();
            taken.iter().rev().for_each(|address| assert!(pool.release(*address)));
        }
        assert!(pool.chunks.len() <= 100_000 / (CHUNK / 32) + 1);
    }
}
