export const name = 'koffi';

export async function open(library) {
  const { default: koffi } = await import('koffi');
  const loaded = koffi.load(library);
  return { version: koffi.version, bind: ({ prototype }) => ({ f: loaded.func(prototype) }) };
}
