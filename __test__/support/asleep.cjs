// Threads of C's own that wait for arkffi, seen from outside: a thread says that it is about to call before it does,
// and only when it sleeps has it come to arkffi.
const { readdirSync, readFileSync } = require('node:fs');

const tasks = '/proc/self/task';

/** How many threads of that name (as pthread_setname_np gave it) sleep. */
function asleep(name) {
  const sleeps = (task) => {
    try {
      return readFileSync(`${tasks}/${task}/stat`, 'latin1').includes(`(${name}) S `);
    } catch {
      return false; // It has ended.
    }
  };
  return readdirSync(tasks).filter(sleeps).length;
}

module.exports = { asleep };
