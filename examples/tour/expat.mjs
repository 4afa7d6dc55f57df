// A parser that tells what it meets by calling functions.
import { CString, dlopen, fn, JSCallback, read } from '../../dist/index.js';
import { refuse, say, show } from './print.mjs';

export const title = 'Expat: the handlers of an XML parser';

const Start = { args: ['ptr', 'CString', 'ptr'] };
const End = { args: ['ptr', 'CString'] };
const Text = { args: ['ptr', 'ptr', 'int'] };

const definitions = {
  XML_ExpatVersion: { returns: 'CString' },
  XML_ParserCreate: { args: ['CString'], returns: 'ptr' },
  XML_ParserFree: { args: ['ptr'] },
  XML_SetElementHandler: { args: ['ptr', fn(Start), fn(End)] },
  XML_SetCharacterDataHandler: { args: ['ptr', fn(Text)] },
  XML_Parse: { args: ['ptr', 'CString', 'int', 'int'], returns: 'int' },
  XML_GetErrorCode: { args: ['ptr'], returns: 'int' },
  XML_ErrorString: { args: ['int'], returns: 'CString' },
  XML_GetCurrentLineNumber: { args: ['ptr'], returns: 'ulong' },
};

/** A `char *[]` of names and values, NULL at its end. */
function attributesAt(list) {
  const attributes = {};
  for (let at = 0; read.ptr(list, at) !== 0; at += 16) {
    attributes[read.cstring(read.ptr(list, at))] = read.cstring(read.ptr(list, at + 8));
  }
  return attributes;
}

export function run() {
  const lib = dlopen('libexpat.so.1', definitions);
  const expat = lib.symbols;
  show(() => expat.XML_ExpatVersion());

  const events = [];
  say('Strings arrive as strings. Text without a NUL arrives as address and length:');
  const start = new JSCallback((_, name, attributes) => {
    events.push(['start', name, attributesAt(attributes)]);
  }, Start);
  const end = new JSCallback((_, name) => events.push(['end', name]), End);
  const text = new JSCallback(
    (_, at, length) => events.push(['text', `${new CString(at, 0, length)}`]),
    Text,
  );
  const parse = (document) => {
    const parser = expat.XML_ParserCreate('UTF-8');
    try {
      expat.XML_SetElementHandler(parser, start, end);
      expat.XML_SetCharacterDataHandler(parser, text);
      if (expat.XML_Parse(parser, document, Buffer.byteLength(document), 1) === 1) return events.splice(0);
      const reason = expat.XML_ErrorString(expat.XML_GetErrorCode(parser));
      throw new SyntaxError(`line ${expat.XML_GetCurrentLineNumber(parser)}: ${reason}`);
    } finally {
      expat.XML_ParserFree(parser);
    }
  };
  show(
    () => parse('<song key="d" bars="12">blå<break/></song>'),
    [
      ['start', 'song', { key: 'd', bars: '12' }],
      ['text', 'blå'],
      ['start', 'break', {}],
      ['end', 'break'],
      ['end', 'song'],
    ],
  );
  refuse(() => parse('<song>\n</tune>'));

  for (const callback of [start, end, text]) callback.close();
  lib.close();
}
