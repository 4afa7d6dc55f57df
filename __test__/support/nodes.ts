/** The versions of Node.js that are at hand: the running one, and those that `npm test` or `npm run bench:matrix` has fetched. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const fetched = join(__dirname, '..', '..', 'bench', 'build', 'nodes');
const [running] = process.versions.node.split('.');

/** Version and executable. With `ARKFFI_TEST_NODES=one` in the environment there is the running one alone. */
export const nodes: readonly (readonly [string, string])[] = [
  [running!, process.execPath],
  ...(existsSync(fetched) && process.env['ARKFFI_TEST_NODES'] !== 'one' ? readdirSync(fetched) : [])
    .filter((major) => major !== running)
    .map((major) => [major, join(fetched, major, 'node_modules', 'node', 'bin', 'node')] as const)
    .filter(([, executable]) => existsSync(executable)),
];
