//! Struct results that are kept until they are released.
//!
//! # Safety
//! The environment's thread. What is given back to the allocator was in the table until then, and is in none any more.
#![allow(unsafe_code)]

use std::collections::BTreeMap;

use super::accounts::Account;
use super::allocator::Allocator;
use super::heap::{Memory, Refusal, holding};
use super::pool::Pool;

/// Struct results: those of the pool, and those that come from an allocator of the user's, by start with their sizes.
#[derive(Default)]
pub struct Results {
    pool: Pool,
    given: BTreeMap<usize, usize>,
}

impl Results {
    /// The struct that an address lies in: its start and size.
    pub fn find(&self, address: usize) -> Option<(usize, usize)> {
        self.pool.find(address).or_else(|| holding(&self.given, address, |size| *size))
    }

    /// Whether an allocator of the user's has given the one that starts there.
    pub fn is_given(&self, start: usize) -> bool {
        self.given.contains_key(&start)
    }

    /// The starts of those that an allocator of the user's has given.
    pub fn given(&self) -> impl Iterator<Item = usize> {
        self.given.keys().copied()
    }

    /// Forgets the one that starts there: its size, and whether it is the caller's to free.
    pub(super) fn forget(&mut self, start: usize) -> Option<(usize, bool)> {
        match self.pool.release(start) {
            Some(size) => Some((size, false)),
            None => self.given.remove(&start).map(|size| (size, true)),
        }
    }

    /// What it takes to manage them, in bytes.
    pub fn overhead(&self) -> usize {
        self.pool.overhead() + self.given.len() * 24
    }
}

impl Memory {
    /// Memory for a struct result that is kept.
    ///
    /// # Errors
    /// As for [`Memory::allocate`].
    pub fn take_result(&self, size: usize) -> Result<usize, Refusal> {
        let allocator = self.reserve(size)?;
        let block = match allocator {
            Allocator::Libc => self.with(|heap| heap.results.pool.take(size)).unwrap_or(0),
            // C may write whole words.
            Allocator::Given(_) => self.ask(|| allocator.allocate(size.next_multiple_of(8), false)),
        };
        if block == 0 {
            return Err(Refusal::Exhausted);
        }
        self.with(|heap| {
            if matches!(allocator, Allocator::Given(_)) {
                heap.results.given.insert(block, size);
            }
            heap.accounts.add(Account::StructReturns, 1, size);
        });
        self.note(block, size);
        self.report();
        Ok(block)
    }

    /// Takes the memory of a struct result back; `false` for anything but a live one's start.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    pub fn release_result(&self, block: usize) -> Result<bool, Refusal> {
        let (found, allocator) = self.with(|heap| {
            let is_result = heap.registry.at(block).is_none() && heap.find(block).is_some();
            if heap.views.hold(block) {
                return Ok((None, heap.allocator));
            }
            if is_result && heap.is_leased(block) {
                return Err(Refusal::Busy);
            }
            let found = heap.results.forget(block);
            if let Some((size, _)) = found
                && !heap.views.forget(block)
            {
                heap.accounts.remove(Account::StructReturns, 1, size);
            }
            Ok((found, heap.allocator))
        })?;
        let Some((_, given)) = found else { return Ok(false) };
        self.note_found(f64::INFINITY, 0.0);
        if given {
            // SAFETY: a live block of this allocator until just now.
            unsafe { allocator.free(block) };
        }
        self.report();
        Ok(true)
    }
}
