/** What the symbols of a library become: functions with what belongs to them, and variables. */
import { checkOptions } from './call/background';
import { bindFunction, type Bound, type Callable } from './call/function';
import { readAt, writable, writeAt } from './cell';
import { codeAddress, groupOf } from './code';
import { plainFunction, type FunctionDefinition, type SymbolDefinition } from './define';
import { defineLazily } from './lazy';
import type { Opened } from './library';
import { typeNamed, type TypeInfo } from './types';

/** Gives a callable its public properties. `asked` runs when its address is read, and throws once it is closed. */
export function publish(
  bound: Bound,
  name: string,
  length: number,
  address: number,
  asked: () => void,
): Callable {
  const ptr = () => {
    asked();
    return address;
  };
  defineLazily(bound.call, 'async', () => asynchronous(bound, name, length));
  return Object.defineProperties(bound.call, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
    ptr: { get: ptr, enumerable: true },
    path: { get: bound.path, enumerable: true },
  });
}

/** The function that starts calls in the background, and `with`, which makes others with options. */
export function asynchronous(bound: Bound, name: string, length: number): Callable {
  const call = (...args: unknown[]) => bound.start(args);
  const withOptions = (options: unknown): Callable => {
    const checked = checkOptions(options);
    return (...args) => bound.start(args, checked);
  };
  return Object.defineProperties(call, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
    with: { value: withOptions },
  });
}

const freeDefinition = plainFunction([typeNamed('ptr')], typeNamed('void'));

/** What hands a string to the deallocator of its definition, checked now; nothing where it has none. */
export function deallocatorOf(
  def: FunctionDefinition,
  owner: string,
): ((address: unknown) => void) | undefined {
  if (def.free === undefined) return undefined;
  const name = `${owner}: the deallocator of its result`;
  const address = codeAddress(def.free, name);
  return bindFunction(groupOf(address), address, name, freeDefinition).call;
}

/** How many arguments JavaScript gives: the environment of Node-API is filled in. */
export function arity(def: FunctionDefinition): number {
  return def.args.filter(({ convert }) => convert !== 'env').length;
}

/** A C variable: `value` reads and writes it. */
class DataSymbol {
  readonly #type: TypeInfo;
  readonly #address: number;
  readonly #opened: Opened;
  readonly name: string;

  constructor(name: string, type: TypeInfo, address: number, opened: Opened) {
    this.name = name;
    this.#type = type;
    this.#address = address;
    this.#opened = opened;
  }

  get ptr(): number {
    this.#opened.give(this.#address, this.name);
    return this.#address;
  }

  get value(): unknown {
    return readAt(this.#type, this.ptr, this.name);
  }

  set value(value: unknown) {
    const converted = writable(this.#type, value, this.name);
    writeAt(this.#type, this.ptr, converted, this.name);
  }
}

/** What a symbol's definition makes of its address. */
export function makeSymbol(
  name: string,
  definition: SymbolDefinition,
  address: number,
  opened: Opened,
): unknown {
  const { what, symbol } = definition;
  if (what.kind === 'data') return new DataSymbol(name, what.type, address, opened);
  const bound = bindFunction(opened.native, address, name, what, deallocatorOf(what, name), symbol);
  return publish(bound, name, arity(what), address, () => opened.give(address, name));
}
