//! The memory of an environment: accounts, limits, allocators.

use napi_derive::napi;

use super::environment::Environment;
use crate::background::pool;
use crate::memory::accounts::Account;
use crate::memory::allocator::{self, Allocator};
use crate::memory::stack;
use crate::slots;

/// How much memory is held: numbers of things and of bytes.
#[napi(object)]
pub struct MemoryUsage {
    pub limit: f64,
    pub bytes: f64,
    pub peak_bytes: f64,
    pub blocks: Vec<f64>,
    pub struct_returns: Vec<f64>,
    pub arenas: Vec<f64>,
    pub owned: Vec<f64>,
    pub strings: Vec<f64>,
    pub shared: Vec<f64>,
    pub views: Vec<f64>,
    /// How many callbacks are open.
    pub callbacks: u32,
    /// What it takes to manage the memory, and the slots.
    pub overhead: f64,
}

#[napi]
impl Environment {
    /// What the memory routines take for the memory of this environment.
    #[napi]
    pub fn memory_address(&self) -> f64 {
        super::number(&raw const self.state.memory as usize)
    }

    /// How much memory is held, and how much may be.
    #[napi]
    pub fn memory_usage(&self) -> MemoryUsage {
        self.state.memory.with(|heap| {
            let tally = |account| {
                let tally = heap.accounts.tally(account);
                vec![tally.count as f64, tally.bytes as f64]
            };
            let (bytes, peak) = heap.accounts.bytes_and_peak();
            MemoryUsage {
                limit: heap.accounts.limit as f64,
                bytes: bytes as f64,
                peak_bytes: peak as f64,
                blocks: tally(Account::Blocks),
                struct_returns: tally(Account::StructReturns),
                arenas: tally(Account::Arenas),
                owned: tally(Account::Owned),
                strings: tally(Account::Strings),
                shared: tally(Account::Shared),
                views: tally(Account::Views),
                callbacks: self.state.callbacks.borrow().iter().flatten().count() as u32,
                overhead: (heap.overhead() + slots::WORDS * 8) as f64,
            }
        })
    }

    /// Sets how many bytes may be held; 0 for any number.
    #[napi]
    pub fn set_memory_limit(&self, bytes: f64) {
        self.state.memory.with(|heap| heap.accounts.limit = super::address(bytes) as u64);
    }

    /// Counts what was allocated elsewhere: 'arenas' or 'strings'; negative numbers count it no longer.
    #[napi]
    pub fn count(&self, account: String, count: i32, bytes: f64) {
        let account = if account == "arenas" { Account::Arenas } else { Account::Strings };
        let (things, size) = (u64::from(count.unsigned_abs()), super::address(bytes.abs()));
        if count >= 0 {
            self.state.memory.count(account, things, size);
        } else {
            self.state.memory.discount(account, things, size);
        }
    }

    /// New bytes between two reports to the engine.
    #[napi]
    pub fn report_threshold(&self, bytes: Option<f64>) -> f64 {
        self.state.memory.with(|heap| {
            if let Some(bytes) = bytes {
                heap.accounts.threshold = super::address(bytes) as u64;
            }
            heap.accounts.threshold as f64
        })
    }

    /// Whether an address lies in memory that is held.
    #[napi]
    pub fn is_live(&self, at: f64) -> bool {
        self.state.memory.with(|heap| heap.is_live(super::address(at))) || self.is_callback(at)
    }

    /// Whether an address is that of an open callback's function pointer.
    #[napi]
    pub fn is_callback(&self, at: f64) -> bool {
        self.state.is_callback(super::address(at))
    }

    /// Sets where blocks come from: addresses of malloc, calloc, realloc and free, and what is passed first to each;
    /// without them libc's. `false` while anything is allocated.
    #[napi]
    pub fn set_allocator(&self, functions: Option<Vec<f64>>, opaque: Option<f64>) -> bool {
        self.state.memory.with(|heap| {
            if !heap.is_unused() {
                return false;
            }
            heap.allocator = match functions.as_deref() {
                Some([malloc, calloc, realloc, free]) => Allocator::Given(allocator::Functions {
                    malloc: super::address(*malloc),
                    calloc: super::address(*calloc),
                    realloc: super::address(*realloc),
                    free: super::address(*free),
                    opaque: opaque.map(super::address),
                    slots: self.state.slots,
                }),
                _ => Allocator::Libc,
            };
            true
        })
    }

    /// Sets how many bytes of stack a call of C, and what it calls back, may use on this thread, and the stacks of threads
    /// that are started from now on; 0 for what there is by default.
    #[napi]
    pub fn set_stack_limit(&self, bytes: f64) {
        let own = stack::limit();
        pool::set_stack(super::address(bytes));
        let asked = if bytes > 0.0 { stack::here().saturating_sub(super::address(bytes)) } else { 0 };
        // SAFETY: the slots have a word for it.
        unsafe { *self.state.slots.add(slots::STACK_LIMIT) = own.max(asked) as u64 };
    }

    /// Gives back the memory of a struct result that nobody gets.
    #[napi]
    pub fn release_result(&self, block: f64) {
        let _ = self.state.memory.release_result(super::address(block));
    }
}
