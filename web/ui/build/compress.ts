import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const compressible = /\.(js|css|svg|json|ttf)$/;

/** Puts the assets into the folder as name.gz only: the program that embeds them is smaller, and its server sends them as they are. */
export function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir, config.build.assetsDir);
    },
    writeBundle: async () => {
      const names = (await readdir(folder)).filter((name) => compressible.test(name));
      for (const name of names) {
        const path = join(folder, name);
        await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
        await rm(path);
      }
    },
  };
}
