// Loops of calls: one for each row and implementation.

let count = 0;

/**
 * A call with a number, and a loop of `n` calls with the numbers from 0 on. Its text is its own (the number in it sees to that), so
 * what the engine learns in one loop is not used, and not spoilt, in another.
 */
function compileLoop(
  { given = [], field },
  { f, helper, invoke = (args) => `f(${args.join(', ')})`, whole = false },
  inputs,
) {
  const call = `${invoke(given)}${field === undefined || whole ? '' : `.${field}`}`;
  const source = `'use strict'; // ${++count}
  const { ${Object.keys(inputs).join(', ')} } = inputs;
  return {
    once: (i) => ${call},
    loop: (n) => {
      let result;
      for (let i = 0; i < n; i++) result = ${call};
      return result;
    },
  };`;
  return new Function('f', 'helper', 'inputs', source)(f, helper, inputs);
}

/** Refuses an implementation that does not do what is measured. */
function check(once, { expected }) {
  for (let i = 0; i < 8; i++) {
    const result = once(i);
    // Some return bigints for 64-bit integers, some null where C returns nothing.
    const value = typeof result === 'bigint' ? Number(result) : (result ?? undefined);
    if (value !== expected(i)) throw new Error(`gave ${value} instead of ${expected(i)}`);
  }
}

/**
 * The loops of the rows that the implementations have, checked, and the reasons why they lack the others.
 * `bind` gives the function of a row; an error of it is such a reason, and so is what `lacks` gives.
 */
export function loopsOf(rows, implementations, inputs) {
  const [loops, missing] = [[], {}];
  for (const row of rows) {
    for (const { name, bind, lacks } of implementations) {
      let reason = lacks?.(row);
      if (reason === undefined) {
        try {
          const bound = bind(row, inputs);
          const { once, loop } = compileLoop(row, bound, inputs);
          check(once, row);
          loops.push({ row, name, loop, few: bound.few, n: 0, best: Infinity });
        } catch (error) {
          if (name === 'arkffi') throw error;
          [reason] = error.message.split('\n');
        }
      }
      if (reason !== undefined) (missing[row.name] ??= {})[name] = reason;
    }
  }
  return { loops, missing };
}
