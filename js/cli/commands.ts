/** The commands, by their names. */
import { hint, nearest } from '../types';
import { bindgen } from './bindgen';
import { call } from './call';
import { doctor } from './doctor';
import { symbols } from './symbols';
import { Usage } from './usage';

const commands: Readonly<Record<string, (args: readonly string[]) => string>> = {
  call,
  symbols,
  bindgen,
  doctor,
};

/** Runs a command; gives what it prints. */
export function run(command: string, args: readonly string[]): string {
  if (Object.hasOwn(commands, command)) return commands[command]!(args);
  throw new Usage(`unknown command '${command}'${hint(nearest(command, Object.keys(commands)))}`);
}
