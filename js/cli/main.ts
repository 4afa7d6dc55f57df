#!/usr/bin/env node
/** The command `arkffi`: what is called, and how it ends. */
import '../install';
import { nearest, hint } from '../types';
import { bindgen } from './bindgen';
import { call } from './call';
import { doctor } from './doctor';
import { symbols } from './symbols';
import { Usage, version } from './usage';

const help = `arkffi ${version()}: call C from the command line

  arkffi call <library> '<prototype>' [values…]   calls a function, or reads a variable
  arkffi symbols <library>                        lists what a library exports
  arkffi bindgen <header> -l <library> -o <file.ts> [-- compiler flags…]
                                                  writes the definitions of what a header declares
  arkffi doctor                                   tells what works here, and how

A library is a file, a name like 'm' or 'libm.so.6', or '-' for the process itself.
Values are written as in JavaScript: numbers, text, NULL; objects and arrays as JSON.

  arkffi call m 'double pow(double, double)' 2 10
  arkffi call - 'int snprintf(char *, size_t, const char *, ...)' NULL 0 '%s' text

The exit status is 0, or 1 where arkffi or the function failed, or 2 where the command was wrong.`;

const commands: Readonly<Record<string, (args: readonly string[]) => string>> = {
  call,
  symbols,
  bindgen,
  doctor,
};

function run([command, ...args]: readonly string[]): string {
  if (command === undefined) throw new Usage('a command is missing');
  if (['help', '--help', '-h'].includes(command)) return help;
  if (['version', '--version', '-v'].includes(command)) return version();
  if (!Object.hasOwn(commands, command)) {
    throw new Usage(`unknown command '${command}'${hint(nearest(command, Object.keys(commands)))}`);
  }
  return args.includes('--help') && command !== 'call' ? help : commands[command]!(args);
}

// What reads the output may stop before its end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const output = run(process.argv.slice(2));
  if (output !== '') process.stdout.write(`${output}\n`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const isUsage = error instanceof Usage;
  process.stderr.write(`arkffi: ${code === undefined ? '' : `${code}: `}${message}\n`);
  if (isUsage) process.stderr.write("'arkffi --help' tells how it is used\n");
  process.exitCode = isUsage ? 2 : 1;
}
