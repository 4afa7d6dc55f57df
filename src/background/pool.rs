//! The threads of the process that background calls run on, and the calls that wait for one.
//!
//! Waking a thread costs more than most calls. So a thread that finds nothing to do looks for a moment
//! longer before it sleeps, one at a time; and a thread that was woken wakes the next when it has found a
//! call and there are more.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_queue::SegQueue;

use super::job::Job;
use crate::queue::lock;

/// The stack of a thread by default, in bytes: as much as the main thread usually has.
const STACK_BYTES: usize = 8 * 1024 * 1024;
/// The stack of the threads that are started from now on.
static STACK: AtomicUsize = AtomicUsize::new(STACK_BYTES);

/// Sets the stack of the threads that are started from now on, in bytes; 0 is the default.
pub fn set_stack(bytes: usize) {
    STACK.store(if bytes == 0 { STACK_BYTES } else { bytes }, SeqCst);
}

/// The stack of a thread that is started now, in bytes.
pub fn stack() -> usize {
    STACK.load(SeqCst)
}

/// There are at least so many threads by default: calls that block should not stop the others.
const LEAST_THREADS: usize = 4;

/// The most threads that can be asked for.
pub const MOST_THREADS: usize = 1024;

/// How long a thread looks for a call before it sleeps.
const LOOKING: Duration = Duration::from_micros(50);

/// The calls that wait.
static WAITING: SegQueue<Arc<Job>> = SegQueue::new();
/// How many threads there are, how many sleep, and how many there may be.
static THREADS: AtomicUsize = AtomicUsize::new(0);
static IDLE: AtomicUsize = AtomicUsize::new(0);
static LIMIT: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(default_size()));
/// Whether a thread is looking for a call, or has been woken to.
static LOOKED_FOR: AtomicBool = AtomicBool::new(false);

/// Held while a thread goes to sleep, is woken or is made.
static SLEEP: Mutex<()> = Mutex::new(());
static WOKEN: Condvar = Condvar::new();

/// `ARKFFI_POOL_SIZE`, or as many threads as there are processors.
fn default_size() -> usize {
    let asked = std::env::var("ARKFFI_POOL_SIZE").ok().and_then(|size| size.parse::<usize>().ok());
    let processors = || thread::available_parallelism().map_or(LEAST_THREADS, usize::from).max(LEAST_THREADS);
    asked.filter(|size| (1..=MOST_THREADS).contains(size)).unwrap_or_else(processors)
}

/// Sets how many calls run at once. More threads than that end when their calls do.
pub fn set_size(size: usize) {
    LIMIT.store(size, SeqCst);
    let _sleep = lock(&SLEEP);
    for _ in 0..WAITING.len().min(size.saturating_sub(THREADS.load(SeqCst))) {
        start();
    }
    WOKEN.notify_all();
}

/// Has a thread run the job when one is free; `false` where there is none, and the system grants none.
pub fn submit(job: &Arc<Job>) -> bool {
    WAITING.push(Arc::clone(job));
    call_thread();
    THREADS.load(SeqCst) > 0 || !job.cancel()
}

/// Has another thread look for a call, where one is of use: a sleeping one, else a new one.
fn call_thread() {
    if LOOKED_FOR.load(SeqCst) {
        return;
    }
    if IDLE.load(SeqCst) > 0 {
        let _sleep = lock(&SLEEP);
        if IDLE.load(SeqCst) > 0 && !LOOKED_FOR.swap(true, SeqCst) {
            WOKEN.notify_one();
        }
    } else if THREADS.load(SeqCst) < LIMIT.load(SeqCst) {
        let _sleep = lock(&SLEEP);
        if THREADS.load(SeqCst) < LIMIT.load(SeqCst) {
            start();
        }
    }
}

fn start() {
    let builder = thread::Builder::new().name("arkffi".to_owned()).stack_size(stack());
    if builder.spawn(work).is_ok() {
        THREADS.fetch_add(1, SeqCst);
    }
}

fn work() {
    while !is_surplus() {
        if let Some(job) = WAITING.pop() {
            if !WAITING.is_empty() {
                call_thread();
            }
            job.run(|| ());
        } else if !look() {
            sleep();
        }
    }
    // It may have been woken for a call that it leaves to others.
    if !WAITING.is_empty() {
        call_thread();
    }
}

/// Whether there are more threads than there may be; the one that asks is not counted from then on.
fn is_surplus() -> bool {
    if THREADS.load(SeqCst) <= LIMIT.load(SeqCst) {
        return false;
    }
    let _sleep = lock(&SLEEP);
    let surplus = THREADS.load(SeqCst) > LIMIT.load(SeqCst);
    if surplus {
        THREADS.fetch_sub(1, SeqCst);
    }
    surplus
}

/// Looks for a call for a moment, unless another thread does; `true` where there is one.
fn look() -> bool {
    if LOOKED_FOR.swap(true, SeqCst) {
        return false;
    }
    let start = Instant::now();
    while WAITING.is_empty() && start.elapsed() < LOOKING {
        (0..50).for_each(|_| spin_loop());
    }
    LOOKED_FOR.store(false, SeqCst);
    !WAITING.is_empty()
}

/// Sleeps until it is woken.
fn sleep() {
    let mut sleep = lock(&SLEEP);
    IDLE.fetch_add(1, SeqCst);
    // A call that came before the thread counted as asleep has woken nobody.
    if WAITING.is_empty() && THREADS.load(SeqCst) <= LIMIT.load(SeqCst) {
        sleep = WOKEN.wait(sleep).unwrap_or_else(PoisonError::into_inner);
        LOOKED_FOR.store(false, SeqCst);
    }
    IDLE.fetch_sub(1, SeqCst);
    drop(sleep);
}
