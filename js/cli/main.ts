#!/usr/bin/env node
/** The command `arkffi`: what is called, and how it ends. */
import { helpFor } from './help';
import { platformRows, table, Usage, version } from './usage';

async function output(line: readonly string[]): Promise<string> {
  const [command, ...args] = line;
  if (command === undefined) throw new Usage('a command is missing');
  const help = helpFor(line);
  if (help !== undefined) return help;
  if (['version', '--version', '-v'].includes(command)) return version();
  // The rest needs the native half, of which the doctor tells where it does not load.
  const { run } = await import('./commands').catch((error: unknown) => {
    if (command !== 'doctor') throw error;
    process.exitCode = 1;
    return { run: () => table([...platformRows(), ['binary', (error as Error).message]]) };
  });
  return run(command, args);
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

output(process.argv.slice(2)).then((text) => {
  if (text !== '') process.stdout.write(`${text}\n`);
}, fail);
