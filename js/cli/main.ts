#!/usr/bin/env node
/** The command `arkffi`: what is called, and how it ends. */
import { helpFor } from './help';
import { platformRows, table, Usage, version } from './usage';

type Commands = Pick<typeof import('./commands'), 'run'>;

/** What needs the native half. Where that does not load, the doctor tells why. */
function commands(name: string): Commands {
  try {
    // A file of its own: see rollup.config.mjs.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('./commands.js') as Commands;
  } catch (error) {
    if (name !== 'doctor') throw error;
    process.exitCode = 1;
    return { run: () => table([...platformRows(), ['binary', (error as Error).message]]) };
  }
}

function output(line: readonly string[]): string {
  const [command, ...args] = line;
  if (command === undefined) throw new Usage('a command is missing');
  const help = helpFor(line);
  if (help !== undefined) return help;
  if (['version', '--version', '-v'].includes(command)) return version();
  return commands(command).run(command, args);
}

function fail(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  const isUsage = error instanceof Usage;
  process.stderr.write(`arkffi: ${code === undefined ? '' : `${code}: `}${message}\n`);
  if (isUsage) process.stderr.write("'arkffi --help' tells how it is used\n");
  process.exitCode = isUsage ? 2 : 1;
}

// What reads the output may stop before its end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const text = output(process.argv.slice(2));
  if (text !== '') process.stdout.write(`${text}\n`);
} catch (error) {
  fail(error);
}
