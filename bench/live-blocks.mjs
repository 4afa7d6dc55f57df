// How long it takes to allocate, find and free many blocks, and what each costs on top of its bytes.
//   node bench/live-blocks.mjs [blocks (10,000,000)] [bytes of each (32)]
import { createRequire } from 'node:module';

const { free, isLive, malloc, memoryUsage } = createRequire(import.meta.url)('../dist/index.js');
const count = Number(process.argv[2] ?? 1e7);
const size = Number(process.argv[3] ?? 32);
const blocks = new Float64Array(count);

function timed(what, run) {
  const start = performance.now();
  run();
  const ns = ((performance.now() - start) * 1e6) / count;
  console.log(`${what.padEnd(28)} ${ns.toFixed(0).padStart(6)} ns a block`);
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const before = process.memoryUsage().rss;
console.log(`${count} blocks of ${size} bytes, Node ${process.version}`);
timed('malloc', () => {
  for (let at = 0; at < count; at++) blocks[at] = malloc(size);
});
const { bytes, internal } = memoryUsage();
console.log(
  `in use ${megabytes(bytes)}, internal ${megabytes(internal.bytes)}: ${(internal.bytes / count).toFixed(1)} bytes a block`,
);
console.log(`resident ${megabytes(process.memoryUsage().rss - before)} more, the list of addresses included`);
timed('isLive, an address inside', () => {
  for (let at = 0; at < count; at++) if (!isLive(blocks[at] + size - 1)) throw new Error('not found');
});
timed('free, every second one first', () => {
  for (let at = 0; at < count; at += 2) free(blocks[at]);
  for (let at = 1; at < count; at += 2) free(blocks[at]);
});
console.log(
  `left: ${memoryUsage().blocks.count} blocks, internal ${megabytes(memoryUsage().internal.bytes)}`,
);
