/** What tools that look for open handles are told: nothing that does not keep the process alive. */
import { expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

/** `open()`: the types of the resources that hold the event loop, as asynchronous hooks see them. */
const hooks = `
  const handles = new Map();
  require('node:async_hooks').createHook({
    init: (id, type, trigger, resource) => {
      if (type !== 'arkffi' && type !== 'JSCallback') return;
      handles.set(id, { type, isOpen: () => typeof resource.hasRef !== 'function' || resource.hasRef() });
    },
    destroy: (id) => handles.delete(id),
  }).enable();
  const open = () => [...handles.values()].filter(({ isOpen }) => isOpen()).map(({ type }) => type).join();
  const { dlopen, JSCallback } = require(entry);
  const { add_i32 } = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }).symbols;
  const events = () => new Promise((resolve) => setTimeout(resolve, 20));
`;

test('a callback is none, and a closed one is gone', () => {
  const program = `${hooks}
    const callback = new JSCallback(() => {}, {});
    const seen = [handles.size, open()];
    callback.close();
    events().then(() => console.log(...seen, [...handles.values()].map(({ type }) => type).join()));`;
  expect(outputOf(program)).toBe('2  arkffi');
});

test('a call in the background is one until it has settled', () => {
  const program = `${hooks}
    const call = add_i32.async(1, 2);
    const before = open();
    call.then(events).then(() => console.log(before, '|', open()));`;
  expect(outputOf(program)).toBe('arkffi |');
});

test('a thread-safe callback is one until it is closed', () => {
  const program = `${hooks}
    const callback = new JSCallback(() => {}, { threadsafe: true });
    const before = open();
    callback.close();
    console.log(before, '|', open());`;
  expect(outputOf(program)).toBe('arkffi |');
});
