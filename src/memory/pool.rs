//! The memory of struct results: blocks of an environment, each alive from the call that fills it
//! until `releasePtr`.
//!
//! Blocks of up to [`MAX_POOLED`] bytes are cut from chunks, each for structs of one size; whether one is live is a
//! bit of its chunk. Every operation takes constant time: a chunk is found by its aligned address.
//! The cost of a block is 2 bytes and 1 bit on top of its size rounded up to 16 bytes; a chunk
//! without live blocks is given back, but for one of each size.
//!
//! # Safety
//! A larger block is freed with the layout that it was allocated with, which is kept beside it.
#![allow(unsafe_code)]

use std::collections::BTreeMap;

use memmap2::MmapMut;
use std::alloc::{Layout, alloc, dealloc};

use super::registry::ByAddress;
use crate::error::{Code, Error, Result};

/// Blocks are multiples of this many bytes, and aligned to it as malloc's are.
const GRAIN: usize = 16;
/// Chunks are of this size and alignment, in bytes. The kernel provides only the pages that are used.
const CHUNK: usize = 1024 * 1024;
/// Larger blocks are allocated one by one.
const MAX_POOLED: usize = 1024;

struct Chunk {
    /// Twice a chunk's size, so that an aligned one lies within.
    _mapping: MmapMut,
    base: usize,
    /// The size of its blocks, in bytes, and what was asked for each.
    block: usize,
    size: usize,
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
    /// By the size that is asked for: the chunks with room.
    with_room: Vec<Vec<usize>>,
    /// Blocks too large for a chunk.
    large: BTreeMap<usize, (Layout, usize)>,
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
            self.large.insert(address, (layout, size));
            return Ok(address);
        }
        if self.with_room.len() <= size {
            self.with_room.resize_with(size + 1, Vec::new);
        }
        let number = match self.with_room[size].last() {
            Some(number) => *number,
            None => self.add_chunk(size)?,
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

    /// The number of the chunk that an address lies in, and of the block there.
    fn place(&self, address: usize) -> Option<(usize, usize)> {
        let base = address & !(CHUNK - 1);
        let number = *self.by_base.get(&base)?;
        let chunk = self.chunks[number].as_ref()?;
        let block = (address - base) / chunk.block;
        let live = block < chunk.capacity() && chunk.live[block / 64] & (1 << (block % 64)) != 0;
        live.then_some((number, block))
    }

    /// The start of the live block that an address lies in, and its size in bytes as it was asked for.
    pub fn find(&self, address: usize) -> Option<(usize, usize)> {
        let (start, size) = match self.place(address) {
            Some((number, block)) => {
                let chunk = self.chunks[number].as_ref()?;
                (chunk.base + block * chunk.block, chunk.size)
            }
            None => {
                let (start, (_, size)) = self.large.range(..=address).next_back()?;
                (*start, *size)
            }
        };
        (address == start || address - start < size).then_some((start, size))
    }

    /// Takes a block back, and gives the size that was asked for; `None` for anything but the start of a live one.
    pub fn release(&mut self, address: usize) -> Option<usize> {
        let Some((number, block)) = self.place(address) else { return self.release_large(address) };
        let chunk = self.chunks[number].as_mut()?;
        if address != chunk.base + block * chunk.block {
            return None;
        }
        chunk.live[block / 64] &= !(1 << (block % 64));
        chunk.returned.push(block as u16);
        chunk.count -= 1;
        let (is_empty, size) = (chunk.count == 0, chunk.size);
        if chunk.listed.is_none() {
            chunk.listed = Some(self.with_room[size].len());
            self.with_room[size].push(number);
        }
        if is_empty && self.with_room[size].len() > 1 {
            self.drop_chunk(number);
        }
        Some(size)
    }

    fn release_large(&mut self, address: usize) -> Option<usize> {
        let (layout, size) = self.large.remove(&address)?;
        // SAFETY: allocated in `take` with this layout, and forgotten above.
        unsafe { dealloc(address as *mut u8, layout) };
        Some(size)
    }

    /// The memory of chunks and tables, in bytes, without what is asked for.
    pub fn overhead(&self) -> usize {
        let chunk = |chunk: &Chunk| {
            chunk.fresh * chunk.block - chunk.count * chunk.size
                + chunk.returned.capacity() * 2
                + chunk.live.len() * 8
        };
        self.chunks.iter().flatten().map(chunk).sum()
    }

    fn add_chunk(&mut self, size: usize) -> Result<usize> {
        let mapping = MmapMut::map_anon(2 * CHUNK).map_err(|_| exhausted(CHUNK))?;
        let base = (mapping.as_ptr() as usize).next_multiple_of(CHUNK);
        let block = size.div_ceil(GRAIN).max(1) * GRAIN;
        let number = self.unused.pop().unwrap_or_else(|| {
            self.chunks.push(None);
            self.chunks.len() - 1
        });
        let live = vec![0; (CHUNK / block).div_ceil(64)];
        let listed = Some(self.with_room[size].len());
        self.chunks[number] = Some(Chunk {
            _mapping: mapping,
            base,
            block,
            size,
            fresh: 0,
            returned: Vec::new(),
            live,
            count: 0,
            listed,
        });
        self.with_room[size].push(number);
        self.by_base.insert(base, number);
        Ok(number)
    }

    /// Takes a chunk off the list of those with room.
    fn unlist(&mut self, number: usize) {
        let Some(chunk) = &mut self.chunks[number] else { return };
        let (Some(at), size) = (chunk.listed.take(), chunk.size) else { return };
        self.with_room[size].swap_remove(at);
        if let Some(moved) = self.with_room[size].get(at).copied()
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
        for (address, (layout, _)) in std::mem::take(&mut self.large) {
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
            assert_eq!(pool.release(address + 1), None, "not a start");
            assert_eq!(pool.release(address + 8), None, "not a start");
            let (start, size) = pool.find(*address).expect("live");
            assert_eq!(start, *address);
            if size > 1 && size <= 1024 {
                assert_eq!(pool.find(address + size - 1), Some((start, size)));
                assert_ne!(pool.find(address + size), Some((start, size)), "beyond what was asked for");
            }
            assert_eq!(pool.release(*address), Some(size));
            assert_eq!(pool.release(*address), None, "released already");
        }
        assert_eq!(pool.release(0), None);
        assert_eq!(pool.release(usize::MAX), None);
        let kept = pool.chunks.iter().flatten().count();
        assert!(kept <= 6, "a chunk of each size at most, not {kept}");
    }

    #[test]
    fn blocks_are_used_again() {
        let mut pool = Pool::default();
        for _ in 0..10 {
            let taken: Vec<usize> = (0..100_000).map(|_| pool.take(32).expect("memory")).collect();
            taken.iter().rev().for_each(|address| assert!(pool.release(*address).is_some()));
        }
        assert!(pool.chunks.len() <= 100_000 / (CHUNK / 32) + 1);
    }
}
