// Shows by errno, which is not kept for leaf calls, which way most of some calls take.
'use strict';
const [, , entry, fixture] = process.argv;
const { dlopen, errno, setLeafCalls } = require(entry);
const { plain, leaf } = dlopen(fixture, {
  plain: { symbol: 'leaf_set_errno', args: ['i32'] },
  leaf: { symbol: 'leaf_set_errno', args: ['i32'], leaf: true },
}).symbols;

function way(n) {
  let direct = 0;
  for (let i = 0; i < n; i++) {
    plain(7);
    leaf(1);
    if (errno() === 7) direct++;
  }
  return direct * 2 > n ? 'leaf' : 'slots';
}
/** Until V8 has compiled the loop, which it does on another thread. */
function lastWay() {
  const end = Date.now() + 20_000;
  let last;
  do last = way(10_000);
  while (last !== 'leaf' && Date.now() < end);
  return last;
}
const seen = [way(10), lastWay()];
setLeafCalls(false);
seen.push(way(1000));
setLeafCalls(true);
seen.push(lastWay());
console.log(seen.join(', '));
