// Implementations that are runtimes of their own: each in a process that measures a round whenever it is asked to.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimes } from './binaries.mjs';
import { targetLibrary } from './build.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), 'peer.mjs');

/** Starts one. Its `ask` sends a request and gives the answer; undefined once the process has died, which is told on stderr. */
async function startPeer(file, effort, wanted) {
  const [command, ...options] = runtimes[file]();
  const args = [...options, program, file, targetLibrary, JSON.stringify(effort), wanted.join()];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`its process ended with ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    return done ? failed : JSON.parse(value);
  };
  let died = false;
  const ask = async (what, given) => {
    if (died) return undefined;
    child.stdin.write(`${JSON.stringify({ ask: what, given })}\n`);
    try {
      return await answer();
    } catch (error) {
      died = true;
      console.error(`${file}: ${error.message}`);
      return undefined;
    }
  };
  return { ...(await answer()), ask, end: () => child.stdin.end() };
}

/** Starts all that can be had, and tells why others cannot. */
export async function startPeers(effort, wanted) {
  const [peers, absent] = [[], {}];
  for (const file of Object.keys(runtimes)) {
    try {
      peers.push(await startPeer(file, effort, wanted));
    } catch (error) {
      [absent[file]] = error.message.split('\n');
    }
  }
  return { peers, absent };
}
