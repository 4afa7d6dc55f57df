/**
 * Strings in UTF-8 at an address. Short ones of ASCII are kept, natively and here, each at a place that its address has. Code that
 * V8 has compiled learns by a leaf call whether the same string stands there still.
 */
import { whyNoLeaves } from './call/leaf';
import { environment, layout, native, often, slots, slotsAddress, turnedOff } from './native';
import { readText } from './text';
import { typeNamed } from './types';

const type = typeNamed('CString');
const { F64 } = slots;
const { recentBytes, recentCount, resultNumber } = layout;
const start = slotsAddress + layout.recent * 8;
const texts: (string | undefined)[] = Array.from({ length: recentCount }, () => undefined);

/** Strings that have been read: none is kept before they are many. */
let count = 0;
let same: ((address: number, kept: number) => number | undefined) | null = null;

/** Spreads addresses next to each other, and those of an array of structs. */
function placeOf(address: number): number {
  return ((address >>> 6) ^ address) & (recentCount - 1);
}

/** The string at an address, which is a safe integer, if it is one that is kept. It is ASCII. */
export function recentText(address: number): string | undefined {
  if (same === null || turnedOff[0] !== 0) return undefined;
  const place = placeOf(address);
  return same(address, start + place * recentBytes) === 1 ? texts[place] : undefined;
}

/** The string at an address; null for NULL. */
export function readUtf8(address: number | bigint, owner: string): string | null {
  if (same === null) {
    if (++count === often && whyNoLeaves() === undefined) {
      same = native((binding) => binding.sameTextFunction(environment));
    }
    return readText(type, address, owner);
  }
  if (typeof address !== 'number' || address === 0) return readText(type, address, owner);
  const place = placeOf(address);
  const text = readText(type, address, owner, place + 1);
  if (F64[resultNumber] === 1) texts[place] = text!;
  return text;
}
