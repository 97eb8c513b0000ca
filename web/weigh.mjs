// Fails when the page's first script has grown too heavy: what `index.html` loads, and what those
// files import at once, compressed. The map, the lightbox and the board come when they are asked for.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limit = 200_000;
const read = (path) => readFileSync(new URL(`dist${path}`, import.meta.url), 'utf8');
const first = new Set(
  [...read('/index.html').matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(
    ([, path]) => path,
  ),
);
for (const path of first) {
  for (const [, name] of read(path).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
    first.add(`/assets/${name}`);
  }
}
if (first.size === 0) throw new Error('index.html loads no script: the scale is broken');
const bytes = [...first].reduce((sum, path) => sum + gzipSync(read(path)).length, 0);
console.log(`figure web.initial_script ${bytes} bytes`);
if (bytes > limit)
  throw new Error(`the first script has ${bytes} bytes compressed, above ${limit}`);
