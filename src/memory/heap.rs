//! The memory that one environment holds: allocated, leased while calls use it, released exactly once.
//!
//! ```text
//!   allocate → registry, accounts → leases of the calls that use it → release
//!                                                                      ↑ free, close, the collector, the environment's end
//! ```
//!
//! # Safety
//! All functions are called on the environment's thread. A heap is never borrowed while an allocator, a
//! deallocator or the engine runs: they may call back. What is freed was in a table until then, and is in none any more.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::BTreeMap;

use napi::sys::{self, napi_env};

use super::accounts::{Account, Accounts};
use super::allocator::Allocator;
use super::ends::Ends;
use super::registry::{ByAddress, Kind, Range, Registry};
use super::results::Results;
use super::views::Views;
use crate::slots::{FOUND, HELD};

/// Why memory is not given, or not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// The allocator has none left.
    Exhausted = 1,
    /// It would go over the limit.
    Limit = 2,
    /// Nothing of that kind starts there.
    Stranger = 3,
    /// A call uses it.
    Busy = 4,
    /// It is a view's.
    Viewed = 5,
}

/// The addresses that are taken for memory.
const LOWEST: usize = 4096;
/// See `LOWEST`.
const HIGHEST: usize = (1 << 53) - 1;

/// The memory of one environment.
#[derive(Default)]
pub struct Heap {
    /// What lies where.
    pub registry: Registry,
    /// How much there is.
    pub accounts: Accounts,
    /// Where blocks come from.
    pub allocator: Allocator,
    /// Struct results.
    pub(super) results: Results,
    /// The memory that arenas are made of: start and size.
    chunks: ByAddress<usize>,
    /// How many calls use what starts there.
    leases: ByAddress<u32>,
    /// What is to be called at the end.
    pub(super) ends: Ends,
    /// What is a view's to free.
    pub(super) views: Views,
    /// How many functions of the allocator run: it is not exchanged meanwhile.
    allocating: u32,
}

/// The heap of an environment, and its environment.
pub struct Memory {
    env: napi_env,
    pub(super) slots: *mut u64,
    heap: RefCell<Heap>,
}

pub(super) const fn account(kind: Kind) -> Account {
    match kind {
        Kind::Block | Kind::ForeignBlock => Account::Blocks,
        Kind::Arena => Account::Arenas,
        Kind::Shared => Account::Shared,
    }
}

/// The entry of a map of ranges by their starts that an address lies in: its start and size.
pub(super) fn holding<T>(
    ranges: &BTreeMap<usize, T>,
    address: usize,
    size: impl Fn(&T) -> usize,
) -> Option<(usize, usize)> {
    let (start, entry) = ranges.range(..=address).next_back()?;
    let bytes = size(entry);
    (address == *start || address - start < bytes).then_some((*start, bytes))
}

impl Heap {
    fn check(&self, start: usize, kinds: &[Kind]) -> Result<Range, Refusal> {
        let found = self.registry.at(start).filter(|range| kinds.contains(&range.kind));
        let range = found.ok_or(Refusal::Stranger)?;
        if self.views.hold(start) {
            return Err(Refusal::Viewed);
        }
        if self.is_leased(start) { Err(Refusal::Busy) } else { Ok(range) }
    }

    /// The range that an address lies in: a block, a part of an arena, a struct result, shared memory.
    pub fn find(&self, address: usize) -> Option<(usize, usize)> {
        let range = self.registry.find(address).map(|range| (range.start, range.size));
        range.or_else(|| self.results.find(address))
    }

    /// Whether an address lies in anything that is held.
    pub fn is_live(&self, address: usize) -> bool {
        self.find(address).is_some() || self.ends.owner(address).is_some()
    }

    /// Whether a call uses what starts there.
    pub fn is_leased(&self, start: usize) -> bool {
        self.leases.contains_key(&start)
    }

    /// Whether nothing is allocated that came from the allocator.
    pub fn is_unused(&self) -> bool {
        let unused = |account| self.accounts.tally(account).count == 0;
        self.allocating == 0
            && unused(Account::Blocks)
            && unused(Account::StructReturns)
            && self.chunks.is_empty()
            && self.views.is_empty()
    }

    /// What it takes to manage the memory, in bytes.
    pub fn overhead(&self) -> usize {
        let rest = self.ends.count() * 96 + self.leases.len() * 24;
        let unused: usize = self.chunks.values().sum();
        let arenas = self.accounts.tally(Account::Arenas).bytes as usize;
        self.registry.overhead() + self.results.overhead() + unused.saturating_sub(arenas) + rest
    }
}

impl Memory {
    /// The memory of that environment: none.
    ///
    /// # Safety
    /// The slots are the environment's, and outlive it.
    pub unsafe fn new(env: napi_env, slots: *mut u64) -> Self {
        let memory = Memory { env, slots, heap: RefCell::default() };
        memory.note_none();
        memory.note_found(f64::INFINITY, 0.0);
        memory
    }

    /// Tells JavaScript of the range that was looked up last.
    pub(super) fn note_found(&self, start: f64, end: f64) {
        // SAFETY: the slots have both words.
        unsafe {
            self.slots.cast::<f64>().add(FOUND[0]).write(start);
            self.slots.cast::<f64>().add(FOUND[1]).write(end);
        }
    }

    /// Whether so many bytes at an offset lie in one piece of memory with an address, or nothing that is held is there.
    #[allow(clippy::cast_precision_loss)]
    pub fn holds(&self, from: usize, offset: i64, bytes: usize) -> bool {
        let Some((start, size)) = self.heap.borrow().find(from) else { return true };
        self.note_found(start as f64, (start + size) as f64);
        let first = i128::from(offset) + (from - start) as i128;
        first >= 0 && first + bytes as i128 <= size as i128
    }

    fn note_none(&self) {
        // SAFETY: the slots have both words.
        unsafe {
            self.slots.cast::<f64>().add(HELD[0]).write(f64::INFINITY);
            self.slots.cast::<f64>().add(HELD[1]).write(0.0);
        }
    }

    /// Has JavaScript look up what lies there.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn note(&self, start: usize, size: usize) {
        // SAFETY: the slots have both words.
        unsafe {
            let (lowest, highest) =
                (self.slots.cast::<f64>().add(HELD[0]), self.slots.cast::<f64>().add(HELD[1]));
            *lowest = lowest.read().min(start as f64);
            *highest = highest.read().max((start + size.max(1)) as f64);
        }
    }

    /// Looks at the heap, or changes what no other code is told of.
    pub fn with<T>(&self, look: impl FnOnce(&mut Heap) -> T) -> T {
        look(&mut self.heap.borrow_mut())
    }

    /// Tells the engine how much memory there is, where that has changed enough. It may collect.
    pub(super) fn report(&self) {
        let due = self.heap.borrow_mut().accounts.report();
        if let Some(change) = due {
            let mut total = 0;
            // SAFETY: the environment's thread.
            unsafe { sys::napi_adjust_external_memory(self.env, change, &mut total) };
        }
    }

    pub(super) fn reserve(&self, size: usize) -> Result<Allocator, Refusal> {
        let heap = self.heap.borrow();
        if heap.accounts.allows(size) { Ok(heap.allocator) } else { Err(Refusal::Limit) }
    }

    /// Runs a function of the allocator, which is not exchanged meanwhile. No address is so low or so high that
    /// JavaScript could not tell it from a refusal or hold it as a number: such a one is taken for none.
    pub(super) fn ask(&self, run: impl FnOnce() -> usize) -> usize {
        self.heap.borrow_mut().allocating += 1;
        let given = run();
        self.heap.borrow_mut().allocating -= 1;
        if (LOWEST..=HIGHEST).contains(&given) { given } else { 0 }
    }

    /// Allocates a block, unique even where the size is 0, and zeroed on demand.
    ///
    /// # Errors
    /// [`Refusal::Limit`], [`Refusal::Exhausted`].
    pub fn allocate(&self, size: usize, zeroed: bool) -> Result<usize, Refusal> {
        let allocator = self.reserve(size)?;
        let start = self.ask(|| allocator.allocate(size, zeroed));
        if start == 0 {
            return Err(Refusal::Exhausted);
        }
        // Where an allocator gives an address twice, the second is not given on.
        self.adopt(Range { start, size, kind: Kind::Block }).map_err(|_| Refusal::Exhausted)?;
        Ok(start)
    }

    /// Notes memory that was allocated elsewhere for the user.
    ///
    /// # Errors
    /// [`Refusal::Limit`]; [`Refusal::Stranger`] where something starts there already.
    pub fn adopt(&self, range: Range) -> Result<(), Refusal> {
        // A block of an allocator in JavaScript is there already: the limit was looked at before it was asked for.
        if range.kind != Kind::ForeignBlock {
            self.reserve(range.size)?;
        }
        {
            let heap = &mut *self.heap.borrow_mut();
            // A deallocator that runs has freed what was there.
            if heap.views.have(range.start) && !heap.views.hold(range.start) {
                heap.forget_taken(range.start);
            }
            if !heap.registry.add(range) {
                return Err(Refusal::Stranger);
            }
            // Arenas are counted as they are, not as the parts that they consist of.
            let count = u64::from(range.kind != Kind::Arena);
            heap.accounts.add(account(range.kind), count, range.size);
        }
        self.note_found(f64::INFINITY, 0.0);
        self.note(range.start, range.size);
        self.report();
        Ok(())
    }

    /// Forgets memory of those kinds: it is the caller's to free.
    ///
    /// # Errors
    /// [`Refusal::Stranger`], [`Refusal::Busy`]; all stays as it is then.
    pub fn forget(&self, start: usize, kinds: &[Kind]) -> Result<Range, Refusal> {
        let range = {
            let heap = &mut *self.heap.borrow_mut();
            let range = heap.check(start, kinds)?;
            heap.registry.remove(start);
            // What a view has taken over does not count.
            if !heap.views.forget(start) {
                heap.accounts.remove(account(range.kind), u64::from(range.kind != Kind::Arena), range.size);
            }
            range
        };
        self.note_found(f64::INFINITY, 0.0);
        if self.is_empty() {
            self.note_none();
        }
        self.report();
        Ok(range)
    }

    /// Changes the size of a block, which may move it.
    ///
    /// # Errors
    /// As for [`Memory::allocate`] and [`Memory::forget`]; the block is as it was then.
    pub fn resize(&self, start: usize, size: usize) -> Result<usize, Refusal> {
        let (range, allocator) = {
            let heap = self.heap.borrow();
            let range = heap.check(start, &[Kind::Block])?;
            if !heap.accounts.allows(size.saturating_sub(range.size)) {
                return Err(Refusal::Limit);
            }
            (range, heap.allocator)
        };
        // Forgotten first: the allocator may call back, and the block is its own meanwhile.
        self.forget(start, &[Kind::Block])?;
        // SAFETY: a live block of this allocator until just now.
        let moved = self.ask(|| unsafe { allocator.resize(start, size) });
        let kept = if moved == 0 { range } else { Range { start: moved, size, ..range } };
        {
            let heap = &mut *self.heap.borrow_mut();
            heap.registry.add(kept);
            heap.accounts.add(Account::Blocks, 1, kept.size);
        }
        self.note(kept.start, kept.size);
        self.report();
        if moved == 0 { Err(Refusal::Exhausted) } else { Ok(moved) }
    }

    /// Frees a block.
    ///
    /// # Errors
    /// As for [`Memory::forget`].
    pub fn free(&self, start: usize) -> Result<(), Refusal> {
        self.forget(start, &[Kind::Block])?;
        let allocator = self.heap.borrow().allocator;
        // SAFETY: a live block of this allocator until just now, known to nobody else.
        unsafe { allocator.free(start) };
        Ok(())
    }

    /// Memory that an arena is made of. It counts as what is allocated in it.
    ///
    /// # Errors
    /// [`Refusal::Exhausted`].
    pub fn allocate_chunk(&self, size: usize) -> Result<usize, Refusal> {
        let allocator = self.heap.borrow().allocator;
        let start = self.ask(|| allocator.allocate(size, false));
        if start == 0 {
            return Err(Refusal::Exhausted);
        }
        self.heap.borrow_mut().chunks.insert(start, size);
        Ok(start)
    }

    /// Gives back what an arena was made of.
    pub fn free_chunk(&self, start: usize) {
        let allocator = self.heap.borrow().allocator;
        let known = self.heap.borrow_mut().chunks.remove(&start);
        if known.is_some() {
            // SAFETY: a live block of this allocator until just now.
            unsafe { allocator.free(start) };
        }
    }

    /// Counts what is not at an address of its own.
    pub fn count(&self, account: Account, count: u64, bytes: usize) {
        self.heap.borrow_mut().accounts.add(account, count, bytes);
        self.report();
    }

    /// Counts it no longer.
    pub fn discount(&self, account: Account, count: u64, bytes: usize) {
        self.heap.borrow_mut().accounts.remove(account, count, bytes);
        self.report();
    }

    /// Whether no memory is held, so that no call can use any.
    pub fn is_empty(&self) -> bool {
        let heap = self.heap.borrow();
        heap.registry.is_empty()
            && heap.ends.own_nothing()
            && heap.accounts.tally(Account::StructReturns).count == 0
            && heap.views.is_empty()
    }

    /// Notes what a call uses: of its words, those that lie in memory that is held. Gives the starts, for
    /// [`Memory::end_lease`].
    pub fn lease(&self, words: impl Iterator<Item = u64>) -> Vec<usize> {
        let heap = &mut *self.heap.borrow_mut();
        // SAFETY: the slots have both words.
        let [lowest, highest] = HELD.map(|word| unsafe { self.slots.cast::<f64>().add(word).read() });
        let held = lowest as usize..highest as usize;
        let mut leased = Vec::new();
        for word in words {
            // An integer that native code has not converted yet is a double.
            let number = f64::from_bits(word);
            let whole = if number >= 4096.0 && number < 2f64.powi(53) { number as usize } else { 0 };
            for address in [word as usize, whole] {
                if address < 4096 {
                    continue;
                }
                let found = if held.contains(&address) { heap.find(address) } else { None };
                let start = found.map(|(start, _)| start);
                let start = start.or_else(|| heap.ends.owner(address));
                if let Some(start) = start {
                    *heap.leases.entry(start).or_insert(0) += 1;
                    leased.push(start);
                }
            }
        }
        leased
    }

    /// Takes back what [`Memory::lease`] has noted.
    pub fn end_lease(&self, leased: &[usize]) {
        if leased.is_empty() {
            return;
        }
        let heap = &mut *self.heap.borrow_mut();
        for start in leased {
            if let Some(count) = heap.leases.get_mut(start) {
                *count -= 1;
                if *count == 0 {
                    heap.leases.remove(start);
                }
            }
        }
    }

    /// Whether a call uses what starts there.
    pub fn is_leased(&self, start: usize) -> bool {
        self.heap.borrow().is_leased(start)
    }

    /// Frees what is left.
    pub(super) fn free_all(&self) {
        self.note_found(f64::INFINITY, 0.0);
        let (allocator, blocks) = self.with(|heap| {
            heap.ends = Ends::default();
            let registry = std::mem::take(&mut heap.registry);
            let own = registry.ranges().filter(|range| range.kind == Kind::Block).map(|range| range.start);
            let chunks = std::mem::take(&mut heap.chunks);
            let results = std::mem::take(&mut heap.results);
            let views = std::mem::take(&mut heap.views);
            let all = own.chain(chunks.into_keys()).chain(results.given());
            let blocks: Vec<usize> = all.filter(|start| !views.have(*start)).collect();
            heap.accounts = Accounts::default();
            (heap.allocator, blocks)
        });
        for block in blocks {
            // SAFETY: a live block of this allocator, which was just forgotten.
            unsafe { allocator.free(block) };
        }
    }
}
