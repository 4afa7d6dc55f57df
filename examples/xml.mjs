// Reads XML with libxml2 piece by piece, however large it is, and prints its outline.
//   node examples/xml.mjs <file>            or < file
import { openSync, readSync } from 'node:fs';
import { disposable, fn, JSCallback, toBuffer } from 'arkffi';
import { open } from './open.mjs';

/** int read(void *context, char *buffer, int length): fills the buffer; 0 at the end, -1 if it cannot. */
const Read = { args: ['ptr', 'ptr', 'int'], returns: 'int' };
const OnError = { args: ['ptr', 'CString', 'int', 'ptr'] };
const [ELEMENT, TEXT, CDATA, COMMENT] = [1, 3, 4, 8];
const NONET = 1 << 11;

const names = ['libxml2.so.2', 'libxml2.so.16', 'xml2'];
// A variable of the library says how its strings are freed. It is read first, as the definitions below need it.
const variables = open(names, { xmlFree: { type: 'ptr' } });
const owned = disposable('CString', variables.symbols.xmlFree.value);

const lib = open(names, {
  xmlReaderForIO: {
    args: [fn(Read), 'callback', 'ptr', 'CString', 'CString', 'int'],
    returns: 'ptr',
    throws: 'null',
  },
  xmlTextReaderSetErrorHandler: { args: ['ptr', fn(OnError), 'ptr'] },
  xmlTextReaderLocatorLineNumber: { args: ['ptr'], returns: 'int' },
  xmlTextReaderRead: { args: ['ptr'], returns: 'int' },
  xmlTextReaderNodeType: { args: ['ptr'], returns: 'int' },
  xmlTextReaderDepth: { args: ['ptr'], returns: 'int' },
  xmlTextReaderConstName: { args: ['ptr'], returns: 'CString' },
  xmlTextReaderConstValue: { args: ['ptr'], returns: 'CString' },
  xmlTextReaderMoveToNextAttribute: { args: ['ptr'], returns: 'int' },
  xmlTextReaderReadString: { args: ['ptr'], returns: owned },
  xmlFreeTextReader: { args: ['ptr'] },
});
const xml = lib.symbols;

const shortened = (text) => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
};

/** The attributes of the element that the reader stands at. Const results belong to the reader. */
function attributes(reader) {
  const found = [];
  while (xml.xmlTextReaderMoveToNextAttribute(reader) === 1) {
    found.push(` ${xml.xmlTextReaderConstName(reader)}="${xml.xmlTextReaderConstValue(reader)}"`);
  }
  return found.join('');
}

/** What the outline says of the node that the reader stands at, if anything. */
function describe(reader) {
  switch (xml.xmlTextReaderNodeType(reader)) {
    case ELEMENT: {
      const name = xml.xmlTextReaderConstName(reader);
      // The text of a title is worth a place beside it. This string is ours: arkffi copies it, then xmlFree has it.
      const text = name === 'title' ? `: ${xml.xmlTextReaderReadString(reader) ?? ''}` : '';
      return `${name}${attributes(reader)}${text}`;
    }
    case TEXT:
    case CDATA:
      return `"${shortened(xml.xmlTextReaderConstValue(reader))}"`;
    case COMMENT:
      return `(${shortened(xml.xmlTextReaderConstValue(reader))})`;
    default:
      return undefined;
  }
}

function* outline(file) {
  const errors = [];
  // The reader calls both for as long as it lives.
  const read = new JSCallback((_, buffer, length) => readSync(file, toBuffer(buffer, 0, length)), {
    ...Read,
    onError: -1,
  });
  const onError = new JSCallback((_, message, severity, locator) => {
    errors.push(`line ${xml.xmlTextReaderLocatorLineNumber(locator)}: ${message.trim()}`);
  }, OnError);
  const reader = xml.xmlReaderForIO(read, null, null, 'input', null, NONET);
  try {
    xml.xmlTextReaderSetErrorHandler(reader, onError, null);
    let result;
    while ((result = xml.xmlTextReaderRead(reader)) === 1) {
      const depth = xml.xmlTextReaderDepth(reader);
      const line = describe(reader);
      if (line !== undefined) yield '  '.repeat(depth) + line;
    }
    if (result < 0) throw new SyntaxError(errors.join('\n') || 'the input cannot be read');
  } finally {
    xml.xmlFreeTextReader(reader);
    read.close();
    onError.close();
  }
}

try {
  const file = process.argv[2] === undefined ? 0 : openSync(process.argv[2]);
  for (const line of outline(file)) console.log(line);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  lib.close();
  variables.close();
}
