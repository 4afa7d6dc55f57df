//! Memory of arkffi's that a view with a deallocator has taken over: it is the view's to free.
//!
//! ```text
//!   claim → take → …the view is collected… → begin → the deallocator → finish
//! ```
//!
//! It stays in the tables, with its bounds, but nobody else may release it. Only while its deallocator runs it may be
//! released by the ways that arkffi has for it: a deallocator may be made of those. What is in the tables after that
//! has been freed by other means, and is forgotten.

use super::accounts::Account;
use super::heap::{Heap, Memory, Refusal, account};
use super::registry::{ByAddress, Kind};

/// What taken memory is to its views.
struct Taken {
    /// Which taking of this memory it was: what lies at an address may be freed, allocated and taken again.
    number: u64,
    /// How many there are that will call their deallocators with it.
    views: u32,
    /// How many of those deallocators run.
    running: u32,
}

/// The memory that views have taken over, by its start.
#[derive(Default)]
pub struct Views {
    taken: ByAddress<Taken>,
    last: u64,
}

/// What a view with a deallocator makes of the memory that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Claim {
    /// Nothing: whose it was, it stays.
    None = 0,
    /// The view takes it over.
    Taken = 6,
    /// The view takes it over from its owner.
    Owned = 7,
}

impl Views {
    /// Whether what starts there is a view's, and no deallocator runs that may release it.
    pub fn hold(&self, start: usize) -> bool {
        self.taken.get(&start).is_some_and(|taken| taken.running == 0)
    }

    /// Whether what starts there has been taken over.
    pub fn have(&self, start: usize) -> bool {
        self.taken.contains_key(&start)
    }

    /// Whether nothing has been taken over.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    fn get(&mut self, start: usize, number: u64) -> Option<&mut Taken> {
        self.taken.get_mut(&start).filter(|taken| taken.number == number)
    }

    /// It has been released; `true` where it had been taken over.
    pub(super) fn forget(&mut self, start: usize) -> bool {
        self.taken.remove(&start).is_some()
    }
}

impl Heap {
    /// What becomes of memory when a view of so many bytes of it is made, with a deallocator. `foreign` frees the blocks of an
    /// allocator in JavaScript, where there is one.
    ///
    /// A view takes over what it shows all of, and what its deallocator is known to free.
    ///
    /// # Errors
    /// [`Refusal::Stranger`] where its deallocator is known to free what is not to be freed by it; [`Refusal::Busy`] where
    /// a call uses what is owned.
    pub fn claim(&self, start: usize, bytes: usize, code: usize, foreign: usize) -> Result<Claim, Refusal> {
        if let Some((deallocator, size)) = self.ends.deallocator(start) {
            return match code == deallocator || (size > 0 && size == bytes) {
                true if self.is_leased(start) => Err(Refusal::Busy),
                true => Ok(Claim::Owned),
                false => Ok(Claim::None),
            };
        }
        let Some((first, size)) = self.find(start) else { return Ok(Claim::None) };
        let kind = self.registry.at(first).map(|range| range.kind);
        let frees = match kind {
            Some(Kind::ForeignBlock) => foreign == code,
            _ => self.allocator.is_freed_by(code),
        };
        let single = match kind {
            Some(Kind::Block | Kind::ForeignBlock) => true,
            Some(Kind::Arena | Kind::Shared) => false,
            None => self.results.is_given(first),
        };
        let is_whole = start == first && bytes == size && !matches!(kind, Some(Kind::Arena | Kind::Shared));
        if frees && (start != first || !single || self.views.have(first)) {
            return Err(Refusal::Stranger);
        }
        Ok(if frees || is_whole { Claim::Taken } else { Claim::None })
    }
}

impl Memory {
    /// A view takes over what starts there, as [`Heap::claim`] has allowed. Gives the number of the taking.
    pub fn take(&self, start: usize) -> u64 {
        let number = self.with(|heap| {
            if let Some(taken) = heap.views.taken.get_mut(&start) {
                taken.views += 1;
                return taken.number;
            }
            heap.views.last += 1;
            let number = heap.views.last;
            heap.views.taken.insert(start, Taken { number, views: 1, running: 0 });
            heap.count_taken(start, false);
            number
        });
        self.report();
        number
    }

    /// The deallocator of a view that has taken so is about to run.
    pub fn begin(&self, start: usize, number: u64) {
        self.with(|heap| {
            if let Some(taken) = heap.views.get(start, number) {
                taken.views -= 1;
                taken.running += 1;
            }
        });
    }

    /// It has run.
    pub fn finish(&self, start: usize, number: u64) {
        self.with(|heap| {
            let Some(taken) = heap.views.get(start, number) else { return };
            taken.running -= 1;
            if taken.views == 0 && taken.running == 0 {
                heap.forget_taken(start);
            }
        });
        self.note_found(f64::INFINITY, 0.0);
    }

    /// A view has been collected whose deallocator cannot run any more: what it has taken over is arkffi's again.
    pub fn give_back(&self, start: usize, number: u64) {
        self.with(|heap| {
            let Some(taken) = heap.views.get(start, number) else { return };
            taken.views -= 1;
            if taken.views == 0 && taken.running == 0 {
                heap.views.forget(start);
                heap.count_taken(start, true);
            }
        });
        self.report();
    }
}

impl Heap {
    /// Forgets what has been freed by other means than arkffi's.
    pub(super) fn forget_taken(&mut self, start: usize) {
        self.views.forget(start);
        if self.registry.remove(start).is_none() {
            self.results.forget(start);
        }
    }

    /// Counts what starts there among arkffi's memory again, or no longer.
    fn count_taken(&mut self, start: usize, again: bool) {
        let Some((_, size)) = self.find(start) else { return };
        let kind = self.registry.at(start).map(|range| range.kind);
        let account = kind.map_or(Account::StructReturns, account);
        if again {
            self.accounts.add(account, 1, size);
        } else {
            self.accounts.remove(account, 1, size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::registry::Range;

    const FREE: usize = 0x5000;
    const OTHER: usize = 0x6000;

    fn heap() -> Heap {
        let mut heap = Heap::default();
        heap.registry.add(Range { start: 0x10_0000, size: 64, kind: Kind::Block });
        heap.registry.add(Range { start: 0x20_0000, size: 64, kind: Kind::ForeignBlock });
        heap.registry.add(Range { start: 0x30_0000, size: 64, kind: Kind::Arena });
        heap
    }

    #[test]
    fn a_view_takes_what_it_shows_all_of_or_is_known_to_free() {
        let heap = heap();
        let libc = libc::free as *const () as usize;
        assert_eq!(heap.claim(0x10_0000, 64, OTHER, 0), Ok(Claim::Taken));
        assert_eq!(heap.claim(0x10_0000, 63, OTHER, 0), Ok(Claim::None));
        assert_eq!(heap.claim(0x10_0008, 56, OTHER, 0), Ok(Claim::None));
        assert_eq!(heap.claim(0x10_0000, 1, libc, 0), Ok(Claim::Taken));
        assert_eq!(heap.claim(0x10_0008, 1, libc, 0), Err(Refusal::Stranger));
        assert_eq!(heap.claim(0x20_0000, 1, FREE, FREE), Ok(Claim::Taken));
        assert_eq!(heap.claim(0x20_0000, 1, libc, FREE), Ok(Claim::None));
        assert_eq!(heap.claim(0x30_0000, 64, OTHER, 0), Ok(Claim::None));
        assert_eq!(heap.claim(0x30_0000, 64, libc, 0), Err(Refusal::Stranger));
        assert_eq!(heap.claim(0x40_0000, 64, libc, 0), Ok(Claim::None));
    }
}
