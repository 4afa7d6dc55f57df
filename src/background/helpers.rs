//! Threads that run one call each while the environment's thread waits for it and serves callbacks.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::job::Job;
use super::pool::stack;
use crate::queue::lock;

/// A thread that waits for a job.
#[derive(Default)]
struct Helper {
    job: Mutex<Option<Arc<Job>>>,
    given: Condvar,
}

/// Helpers without a job.
static IDLE: Mutex<Vec<Arc<Helper>>> = Mutex::new(Vec::new());

/// Has a helper run the job at once; `false` where the system grants no thread.
pub fn run(job: Arc<Job>) -> bool {
    let idle = lock(&IDLE).pop();
    let helper = match idle {
        Some(helper) => helper,
        None => {
            let helper = Arc::<Helper>::default();
            let own = Arc::clone(&helper);
            let builder = thread::Builder::new().name("arkffi pump".to_owned()).stack_size(stack());
            if builder.spawn(move || work(&own)).is_err() {
                return false;
            }
            helper
        }
    };
    *lock(&helper.job) = Some(job);
    helper.given.notify_one();
    true
}

fn work(helper: &Arc<Helper>) {
    loop {
        let job = helper.given.wait_while(lock(&helper.job), |job| job.is_none());
        let Some(job) = job.unwrap_or_else(PoisonError::into_inner).take() else { continue };
        // Idle before the environment's thread goes on: its next call finds this helper.
        job.run(|| lock(&IDLE).push(Arc::clone(helper)));
    }
}
