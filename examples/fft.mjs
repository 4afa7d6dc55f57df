// A Fourier transform in place: C works on an array of structs that JavaScript holds.
//   node examples/fft.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dlopen, ffi, Struct, suffix } from 'arkffi';

const Complex = Struct({ real: 'double', imag: 'double' });

/** From fftw3.h. */
const FORWARD = -1;
const ESTIMATE = 64;

/** A transform by FFTW, or undefined where that is not installed. */
function fftw() {
  let lib;
  try {
    lib = dlopen('libfftw3.so.3', {
      plan: {
        symbol: 'fftw_plan_dft_1d',
        args: ['int', 'ptr', 'ptr', 'int', 'uint'],
        returns: 'ptr',
      },
      execute: { symbol: 'fftw_execute', args: ['ptr'] },
      destroy: { symbol: 'fftw_destroy_plan', args: ['ptr'] },
    });
  } catch (error) {
    if (error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    return undefined;
  }
  const { plan, execute, destroy } = lib.symbols;
  const transform = (data, n) => {
    const steps = plan(n, data, data, FORWARD, ESTIMATE);
    execute(steps);
    destroy(steps);
  };
  return { by: 'FFTW', transform, lib };
}

/** A transform by fft.c, which is compiled first. */
function compiled() {
  const source = fileURLToPath(new URL('fft.c', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'fft-'));
  const library = join(folder, `fft.${suffix}`);
  try {
    execFileSync(process.env.CC ?? 'cc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-lm']);
    const lib = dlopen(library, { fft: { args: ['ptr', 'int'] } });
    return { by: 'fft.c', transform: lib.symbols.fft, lib };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { by, transform, lib } = fftw() ?? compiled();

// Two waves: 3 periods of height 2, and 8 periods of height 0.5.
const n = 32;
const data = Buffer.alloc(n * Complex.size);
for (let i = 0; i < n; i++) {
  const time = (2 * Math.PI * i) / n;
  Complex.write(data, { real: 2 * Math.cos(3 * time) + 0.5 * Math.sin(8 * time) }, i * Complex.size);
}

// An address keeps nothing alive. The view does: `data` lives as long as it is used.
const dataPtr = ffi.ptr(data);
const third = Complex.view(data, 3 * Complex.size);
transform(dataPtr, n);

console.log(`The spectrum of ${n} samples by ${by}; one star is 0.1:`);
for (let i = 0; i <= n / 2; i++) {
  const { real, imag } = Complex.fromPtr(dataPtr, i * Complex.size);
  const height = (2 * Math.hypot(real, imag)) / n;
  console.log(`${`${i}`.padStart(3)} ${height.toFixed(3)} ${'*'.repeat(Math.round(height * 10))}`.trimEnd());
}
console.log(`The third, through the view: ${third.real.toFixed(3)} + ${third.imag.toFixed(3)}i`);
lib.close();
