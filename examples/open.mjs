// Loads the library of an example.
import { dlopen } from 'arkffi';

/** The first of the libraries that is there, with its symbols. Where none is, the program says so and ends. */
export function open(names, definitions) {
  for (const name of names) {
    try {
      return dlopen(name, definitions);
    } catch (error) {
      if (error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    }
  }
  console.log(`Left out: ${names[0]} is not installed here.`);
  process.exit();
}
