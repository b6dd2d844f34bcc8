// Builds the pages into the folder given: NAME.html beside assets/NAME-HASH.js and .css, each with its
// gzip form. What a page needs only now and then is a file of its own. The build of the program embeds the folder.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const pages = ['chat', 'dashboard'];
const out = process.argv[2];
if (!out) {
  console.error('usage: node build.mjs FOLDER');
  process.exit(2);
}
await rm(out, { recursive: true, force: true });
await mkdir(join(out, 'assets'), { recursive: true });

const icon = await readFile('src/shared/icon.svg');
const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
await writeFile(join(out, 'assets', iconName), icon);

for (const page of pages) {
  const result = await build({
    entryPoints: [`src/${page}/main.tsx`],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2020',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: `${page}-[hash]`,
    chunkNames: `${page}-part-[hash]`,
    outdir: join(out, 'assets'),
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const outputs = Object.entries(result.metafile.outputs);
  const script = outputs.find(([, output]) => output.entryPoint)[0];
  const style = outputs.find(([name]) => name.endsWith('.css'))[0];
  const html = (await readFile(`src/${page}/index.html`, 'utf8'))
    .replace('%ICON%', `/assets/${iconName}`)
    .replace('%STYLE%', `/assets/${basename(style)}`)
    .replace('%SCRIPT%', `/assets/${basename(script)}`);
  await writeFile(join(out, `${page}.html`), html);
}

for (const folder of [out, join(out, 'assets')]) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(folder, entry.name);
      await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
    }
  }
}
