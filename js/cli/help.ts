/** What `--help` prints. */
import { version } from './usage';

const general = (): string => `arkffi ${version()}: call C from the command line

  arkffi call <library> '<prototype>' [values…]   calls a function, or reads a variable
  arkffi symbols <library>                        lists what a library exports
  arkffi bindgen <header> -l <library> -o <file.ts> [-- compiler flags…]
                                                  writes the definitions of what a header declares
  arkffi doctor                                   tells what works here, and how

A library is a file, a name like 'm' or 'libm.so.6', or '-' for the process itself.
'arkffi <command> --help' tells more of a command.

  arkffi call m 'double pow(double, double)' 2 10
  arkffi call - 'int snprintf(char *, size_t, const char *, ...)' NULL 0 '%s' text

The exit status is 0, or 1 where arkffi or the function failed, or 2 where the command was wrong.`;

const call = `arkffi call [--json] <library> '<prototype>' [values…]

Calls a function and prints its result, or prints the value of a variable. Declarations that the prototype
needs may stand before it; the last symbol that they declare is the one.

  --json       prints the result as JSON: text in quotes, 64-bit integers with all of their digits

A value is written as its type wants it:

  integers             5, -5, 0x1f
  float, double        0.5, 1e3, inf, -inf, nan
  bool                 true, false, 0, 1
  const char *         the text
  other pointers       an address, or text, of which the bytes and a NUL are passed; NULL
  enumerations         a name or an integer
  structs, arrays      JSON: '{ "x": 1 }', '[1, 2]'; integers of any size, inf and nan are read too
  for '...'            type:value, as in long:5; without a type int, double or text, as it looks

  arkffi call m 'double pow(double, double)' 2 10
  arkffi call - 'typedef struct { int quot, rem; } div_t; div_t div(int, int)' 7 2
  arkffi call - 'int printf(const char *, ...)' '%s %d %f' text 5 0.5`;

const symbols = `arkffi symbols <library>

Prints the names that the library's file exports, one a line, in order. '-' is the process itself.

  arkffi symbols libz.so.1`;

const bindgen = `arkffi bindgen <header> -l <library> -o <file.ts> [--included] [-- compiler flags…]

Writes a module with the definitions of what the header declares, read by libclang.

  -l <library>   what the module loads: a file, a name, or '-' for the process itself
  -o <file.ts>   the module
  --included     also what the headers that it includes declare, but for the system's
  --             what follows goes to the compiler: -I include -DFAST

ARKFFI_LIBCLANG names the file of libclang where it is not found by itself. What arkffi lacks is left out, with a
comment that says why.

  arkffi bindgen zlib.h -l libz.so.1 -o zlib.ts`;

const doctor = `arkffi doctor

Tells versions, the platform, which call paths are used and why not the others, limits, the switches that are set,
and tries calls, structs, strings and callbacks. The exit status is 1 where something does not work.`;

const texts: Readonly<Record<string, string>> = { call, symbols, bindgen, doctor };

const words = ['--help', '-h'];

/** What is to be printed for a command line that asks for help; undefined for any other. */
export function helpFor([command, ...args]: readonly string[]): string | undefined {
  if (command === undefined) return undefined;
  const textOf = (name: string | undefined) =>
    name !== undefined && Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (command === 'help' || words.includes(command)) return textOf(args[0]) ?? general();
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  // Behind the library and the prototype of a call '--help' is a value.
  const asks = command === 'call' ? words.includes(own[0] ?? '') : own.some((word) => words.includes(word));
  return asks ? textOf(command) : undefined;
}
