// gzip as a stream of Node's: each piece goes through zlib as it arrives.
//   node examples/gzip.mjs < file > file.gz            node examples/gzip.mjs -d < file.gz > file
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Struct } from 'arkffi';
import { open } from './open.mjs';

const z_stream = Struct({
  next_in: 'ptr',
  avail_in: 'uint',
  total_in: 'ulong',
  next_out: 'ptr',
  avail_out: 'uint',
  total_out: 'ulong',
  msg: 'CString',
  state: 'ptr',
  zalloc: 'callback',
  zfree: 'callback',
  opaque: 'ptr',
  data_type: 'int',
  adler: 'ulong',
  reserved: 'ulong',
});

/** From zlib.h. 16 more than the largest window means the format of gzip. */
const [NO_FLUSH, FINISH] = [0, 4];
const [OK, STREAM_END, BUF_ERROR] = [0, 1, -5];
const DEFLATED = 8;
const GZIP = 15 + 16;

const lib = open(['libz.so.1', 'z'], {
  zlibVersion: { returns: 'CString' },
  zError: { args: ['int'], returns: 'CString' },
  deflateInit2_: { args: ['ptr', 'int', 'int', 'int', 'int', 'int', 'CString', 'int'], returns: 'int' },
  deflate: { args: ['ptr', 'int'], returns: 'int' },
  deflateEnd: { args: ['ptr'], returns: 'int' },
  inflateInit2_: { args: ['ptr', 'int', 'CString', 'int'], returns: 'int' },
  inflate: { args: ['ptr', 'int'], returns: 'int' },
  inflateEnd: { args: ['ptr'], returns: 'int' },
});
const zlib = lib.symbols;

function check(result) {
  if (result < OK) throw new Error(zlib.zError(result));
}

class Gzip extends Transform {
  // zlib has the address of the struct and of the buffers: they stay where they are as long as this does.
  #memory = z_stream.create();
  #stream = z_stream.view(this.#memory);
  #output = Buffer.alloc(64 * 1024);
  #input = Buffer.alloc(0);
  #step;
  #end;
  #complete = false;

  constructor(decompress) {
    super();
    const size = z_stream.size;
    [this.#step, this.#end] = decompress ? [zlib.inflate, zlib.inflateEnd] : [zlib.deflate, zlib.deflateEnd];
    const version = zlib.zlibVersion();
    if (decompress) check(zlib.inflateInit2_(this.#memory, GZIP, version, size));
    else check(zlib.deflateInit2_(this.#memory, 9, DEFLATED, GZIP, 8, 0, version, size));
  }

  /** Has zlib take the input, and hands on what comes out. */
  #run(input, flush) {
    this.#input = input;
    this.#stream.next_in = input;
    this.#stream.avail_in = input.length;
    do {
      this.#stream.next_out = this.#output;
      this.#stream.avail_out = this.#output.length;
      const result = this.#step(this.#memory, flush);
      if (result !== BUF_ERROR) check(result); // it only lacks room or input
      this.#complete = result === STREAM_END;
      const length = this.#output.length - this.#stream.avail_out;
      if (length > 0) this.push(Buffer.from(this.#output.subarray(0, length)));
    } while (this.#stream.avail_out === 0 && !this.#complete);
  }

  _transform(chunk, _, done) {
    try {
      if (!this.#complete) this.#run(chunk, NO_FLUSH);
      done();
    } catch (error) {
      done(error);
    }
  }

  _flush(done) {
    try {
      if (!this.#complete) this.#run(Buffer.alloc(0), FINISH);
      done(this.#complete ? null : new Error('the input ends too early'));
    } catch (error) {
      done(error);
    }
  }

  _destroy(error, done) {
    this.#end(this.#memory);
    done(error);
  }
}

try {
  await pipeline(process.stdin, new Gzip(process.argv[2] === '-d'), process.stdout);
} catch (error) {
  console.error(`gzip: ${error.message}`);
  process.exitCode = 1;
} finally {
  lib.close();
}
