// For any struct and any value: what goes in comes out, by every way in and out.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calloc, free } from 'arkffi';
import fc from 'fast-check';
import { bytesOf, ref, type Fields, type Schema } from './loose';
import { anyStruct } from './models';

const runs = { numRuns: 150 };
const room = 2 ** 20;

/** Fails where decoding gives anything else; of a union the member that was given is compared. */
function expectValue(actual: unknown, wanted: object): void {
  expect(actual).toMatchObject(wanted);
}

function check(property: (schema: Schema, given: unknown, decoded: object) => void): void {
  fc.assert(
    fc.property(anyStruct, ({ schema, given, decoded }) => property(schema, given, decoded)),
    runs,
  );
}

describe('round trips', () => {
  let block = 0;
  beforeAll(() => {
    block = calloc(1, room);
  });
  afterAll(() => free(block));

  test('create, then fromBuffer', () => {
    check((schema, given, decoded) => {
      const buffer = schema.create(given);
      expect(buffer.byteLength).toBe(schema.size);
      expectValue(schema.fromBuffer(buffer), decoded);
      expect(Object.keys(schema.fromBuffer(buffer))).toEqual(schema.fieldNames);
    });
  });

  test('whatever decoding gives, encoding accepts, to the same bytes', () => {
    check((schema, given) => {
      const buffer = schema.create(given);
      const bytes = bytesOf(buffer);
      expect(bytesOf(schema.create(schema.fromBuffer(buffer)))).toEqual(bytes);
      expect(bytesOf(schema.create(schema.view(buffer)))).toEqual(bytes);
      expect(bytesOf(schema.create(buffer))).toEqual(bytes);
    });
  });

  test('write, then fromPtr, at any place in a block', () => {
    fc.assert(
      fc.property(anyStruct, fc.nat(1000), ({ schema, given, decoded }, offset) => {
        schema.write(block, given, offset);
        expectValue(schema.fromPtr(block, offset), decoded);
        expectValue(schema.fromPtr(block + offset), decoded);
        expect(bytesOf(schema.create(schema.fromPtr(block, offset)))).toEqual(bytesOf(schema.create(given)));
      }),
      runs,
    );
  });

  test('write in a buffer at an offset leaves what is around', () => {
    fc.assert(
      fc.property(anyStruct, fc.nat(9), fc.nat(9), ({ schema, given, decoded }, before, after) => {
        const bytes = new Uint8Array(before + schema.size + after).fill(0xa5);
        schema.write(bytes, given, before);
        expectValue(schema.fromBuffer(bytes, before), decoded);
        const around = [...bytes.subarray(0, before), ...bytes.subarray(before + schema.size)];
        expect(around).toEqual(Array(before + after).fill(0xa5));
      }),
      runs,
    );
  });

  test('ref', () => {
    check((schema, given, decoded) => expectValue(ref(schema, given).value, decoded));
  });

  test('views', () => {
    check((schema, given, decoded) => expectValue(schema.view(schema.create(given)), decoded));
  });

  test('get and set, field by field', () => {
    check((schema, given, decoded) => {
      const whole = schema.create(given);
      const parts = [schema.create(), schema.create()] as const;
      const view = schema.view(parts[1]);
      for (const name of schema.fieldNames) {
        const wanted = (decoded as Fields)[name];
        expect([schema.get(whole, name)]).toMatchObject([wanted]);
        if (!Object.hasOwn(given as object, name)) continue;
        const value = (given as Fields)[name];
        schema.set(parts[0], name, value);
        view[name] = value;
      }
      expect(bytesOf(parts[0])).toEqual(bytesOf(whole));
      expect(bytesOf(parts[1])).toEqual(bytesOf(whole));
    });
  });

  test('offsets and sizes fit each other', () => {
    check((schema) => {
      const { size, align, fieldOffsets, fieldNames } = schema;
      expect(size % align).toBe(0);
      expect(fieldOffsets).toEqual([...fieldOffsets].sort((a, b) => a - b));
      expect(fieldOffsets.every((offset) => offset >= 0 && offset < size)).toBe(true);
      expect(fieldNames.map((name) => schema.offsetOf(name))).toEqual(fieldOffsets);
    });
  });
});

describe('any bytes', () => {
  test('decode to what encodes again', () => {
    fc.assert(
      fc.property(anyStruct, fc.uint8Array({ minLength: 64, maxLength: 64 }), ({ schema }, noise) => {
        const bytes = Uint8Array.from({ length: schema.size }, (_, index) => noise[index % 64]!);
        let value: Fields;
        try {
          value = schema.fromBuffer(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_FFI_OUT_OF_RANGE' });
          return;
        }
        // What lies between the fields is zero after the first time.
        const once = schema.create(value);
        expect(bytesOf(schema.create(schema.fromBuffer(once)))).toEqual(bytesOf(once));
      }),
      runs,
    );
  });
});
