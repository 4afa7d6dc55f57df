// Numbers: the simplest calls there are.
import { dlopen, FFIType } from '../../dist/index.js';
import { say, show } from './print.mjs';

export const title = 'libm: numbers in, numbers out';

export function run() {
  const lib = dlopen('m', {
    cos: { args: [FFIType.double], returns: FFIType.double },
    pow: { args: [FFIType.double, FFIType.double], returns: FFIType.double },
    sqrtf: { args: [FFIType.float], returns: FFIType.float },
    lround: { args: [FFIType.double], returns: FFIType.long },
  });
  const { cos, pow, sqrtf, lround } = lib.symbols;

  say(
    "'m' is libm under whatever name the platform has for it:",
    "const lib = dlopen('m', { cos: { args: [FFIType.double], returns: FFIType.double }, … })",
  );
  show(() => lib.path);
  show(() => cos(0));
  show(() => cos(Math.PI));
  show(() => pow(2, 10));
  say('A float has fewer digits than a double:');
  show(() => sqrtf(2));
  say('An integer beyond 2^53 is a bigint, so that no bit is lost:');
  show(() => lround(2.5));
  show(() => lround(2 ** 60));

  lib.close();
}
