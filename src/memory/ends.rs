//! What is called when the environment ends, or before: finalizers, and the deallocators of memory that is owned.
//!
//! # Safety
//! The environment's thread. An end is taken out of its list before it is called, so that none is called twice; the facade
//! keeps the libraries of the functions mapped.
#![allow(unsafe_code)]

use std::collections::BTreeMap;

use super::accounts::Account;
use super::called::{Called, during};
use super::code;
use super::heap::{Memory, Refusal, holding};

/// A C function to be called with an address when the environment ends, or before.
struct End {
    code: usize,
    argument: usize,
    /// The address is memory to be freed, of so many bytes where that is known.
    owned: Option<usize>,
}

impl End {
    fn call(self, slots: *mut u64) {
        if code::is_executable(self.code) {
            // SAFETY: that it is a function which takes one address is the user's promise; that it is
            // code was just checked.
            unsafe {
                let function: unsafe extern "C" fn(usize) = std::mem::transmute(self.code);
                during(slots, Called::Finalizer, [self.argument, 0], || function(self.argument));
            }
        }
    }
}

/// What is to be called.
#[derive(Default)]
pub struct Ends {
    /// By number, the last added being the highest.
    list: BTreeMap<u64, End>,
    last: u64,
    /// The numbers of the ends that free memory, and its size, by its address.
    owned: BTreeMap<usize, (u64, usize)>,
}

impl Ends {
    fn add(&mut self, code: usize, argument: usize, owned: Option<usize>) -> u64 {
        self.last += 1;
        self.list.insert(self.last, End { code, argument, owned });
        if let Some(size) = owned {
            self.owned.insert(argument, (self.last, size));
        }
        self.last
    }

    fn remove(&mut self, number: u64) -> Option<End> {
        let end = self.list.remove(&number)?;
        if end.owned.is_some() {
            self.owned.remove(&end.argument);
        }
        Some(end)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether no memory is owned.
    pub fn own_nothing(&self) -> bool {
        self.owned.is_empty()
    }

    /// Whether owned memory starts there. How large it is nobody knows for sure.
    pub fn owns(&self, start: usize) -> bool {
        self.owned.contains_key(&start)
    }

    /// The deallocator of the owned memory that starts there, and its size where that was told.
    pub fn deallocator(&self, start: usize) -> Option<(usize, usize)> {
        let (number, size) = self.owned.get(&start)?;
        self.list.get(number).map(|end| (end.code, *size))
    }

    /// The start of the owned memory that an address lies in, as far as its size was told.
    pub fn owner(&self, address: usize) -> Option<usize> {
        holding(&self.owned, address, |(_, size)| *size).map(|(start, _)| start)
    }
}

impl Memory {
    /// Has a C function called with an argument at the environment's end. Where `owned` has the size in bytes of what
    /// it frees, it may be 0 for unknown. Gives the number by which it is taken back.
    ///
    /// # Errors
    /// [`Refusal::Stranger`] where the address to be freed is arkffi's own, or owned already.
    pub fn add_end(&self, code: usize, argument: usize, owned: Option<usize>) -> Result<u64, Refusal> {
        let number = self.with(|heap| {
            if owned.is_some() && (heap.find(argument).is_some() || heap.ends.owns(argument)) {
                return Err(Refusal::Stranger);
            }
            if let Some(size) = owned {
                heap.accounts.add(Account::Owned, 1, size);
            }
            Ok(heap.ends.add(code, argument, owned))
        })?;
        self.report();
        Ok(number)
    }

    /// Takes an end back: the caller is to do what it says, or nobody. `false` where it was taken before.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    pub fn take_end(&self, number: u64) -> Result<bool, Refusal> {
        let taken = self.with(|heap| {
            let Some(end) = heap.ends.list.get(&number) else { return Ok(false) };
            if end.owned.is_some() && heap.is_leased(end.argument) {
                return Err(Refusal::Busy);
            }
            let size = end.owned;
            heap.ends.remove(number);
            if let Some(size) = size {
                heap.accounts.remove(Account::Owned, 1, size);
            }
            Ok(true)
        })?;
        self.report();
        Ok(taken)
    }

    /// The process exits without an end of the environment: calls what is to be called, the last first, but for what a
    /// call still uses. No memory is freed: it goes with the process.
    pub fn exit(&self) {
        let next = || {
            self.with(|heap| {
                let due = |end: &End| end.owned.is_none() || !heap.is_leased(end.argument);
                let number =
                    heap.ends.list.iter().rev().find(|(_, end)| due(end)).map(|(number, _)| *number)?;
                heap.ends.remove(number)
            })
        };
        while let Some(end) = next() {
            end.call(self.slots);
        }
    }

    /// The environment ends: calls what is to be called, the last first, and frees what is left.
    pub fn end(&self) {
        while let Some((_, end)) = self.with(|heap| heap.ends.list.pop_last()) {
            end.call(self.slots);
        }
        self.free_all();
    }
}
