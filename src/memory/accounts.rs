//! How much memory an environment holds, of which kind, and how much it may.
//!
//! Counted is what the user asked for, in bytes, without what it takes to manage it.

/// What memory is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Account {
    /// Blocks of malloc's family.
    Blocks = 0,
    /// Struct results that are kept until they are released.
    StructReturns = 1,
    /// Arenas, and what was allocated in them.
    Arenas = 2,
    /// C memory that arkffi frees.
    Owned = 3,
    /// Strings that C may read after the call that made them has returned to JavaScript.
    Strings = 4,
    /// Memory shared between threads.
    Shared = 5,
    /// Views with a deallocator.
    Views = 6,
}

/// How many things, and how many bytes they have in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

/// New bytes between two reports to the engine, by default.
const THRESHOLD: u64 = 1 << 20;

/// The accounts of one environment.
pub struct Accounts {
    tallies: [Tally; 7],
    /// Bytes that arkffi has allocated for the user, and the most there were at once.
    bytes: u64,
    peak: u64,
    /// The most there may be; 0 for any number.
    pub limit: u64,
    /// Bytes that the engine is to know of, those that it knows of, and how far the two may differ.
    held: u64,
    reported: u64,
    /// See `held`.
    pub threshold: u64,
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts {
            tallies: [Tally::default(); 7],
            bytes: 0,
            peak: 0,
            limit: 0,
            held: 0,
            reported: 0,
            threshold: THRESHOLD,
        }
    }
}

impl Account {
    /// Whether its bytes are arkffi's own, which the limit is for. The others are C's.
    const fn is_limited(self) -> bool {
        !matches!(self, Account::Owned | Account::Views)
    }

    /// Whether the engine is told. It knows of shared memory by itself.
    const fn is_reported(self) -> bool {
        !matches!(self, Account::Shared)
    }
}

impl Accounts {
    /// Whether so many bytes more are within the limit. None are, even where it is below what is in use.
    pub const fn allows(&self, bytes: usize) -> bool {
        bytes == 0 || self.limit == 0 || self.bytes.saturating_add(bytes as u64) <= self.limit
    }

    /// Counts things.
    pub fn add(&mut self, account: Account, count: u64, bytes: usize) {
        let tally = &mut self.tallies[account as usize];
        tally.count += count;
        tally.bytes += bytes as u64;
        if account.is_limited() {
            self.bytes += bytes as u64;
            self.peak = self.peak.max(self.bytes);
        }
        if account.is_reported() {
            self.held += bytes as u64;
        }
    }

    /// Counts things no longer.
    pub fn remove(&mut self, account: Account, count: u64, bytes: usize) {
        let tally = &mut self.tallies[account as usize];
        tally.count -= count;
        tally.bytes -= bytes as u64;
        if account.is_limited() {
            self.bytes -= bytes as u64;
        }
        if account.is_reported() {
            self.held -= bytes as u64;
        }
    }

    /// The tally of an account.
    pub const fn tally(&self, account: Account) -> Tally {
        self.tallies[account as usize]
    }

    /// Bytes that arkffi has allocated for the user, and the most there were at once.
    pub const fn bytes_and_peak(&self) -> (u64, u64) {
        (self.bytes, self.peak)
    }

    /// What to tell the engine, where that is due: by how many bytes the memory has changed since it was told.
    pub fn report(&mut self) -> Option<i64> {
        let change = self.held as i64 - self.reported as i64;
        if change == 0 || change.unsigned_abs() < self.threshold {
            return None;
        }
        self.reported = self.held;
        Some(change)
    }
}
