// Makes one file that Node runs of the worker by which Chrome's DevTools reads heap snapshots.

import {build} from 'esbuild';

const worker = 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker';
// The package has no lists of languages: its own build makes them.
const locales = {
  name: 'locales',
  setup(build) {
    build.onResolve({filter: /^\.\/locales\.js$/}, ({path}) => ({path, namespace: 'locales'}));
    build.onLoad({filter: /.*/, namespace: 'locales'}, () => ({
      contents: ['LOCALES', 'BUNDLED_LOCALES'].map(name => `export const ${name} = ['en-US'];`).join('')
          + 'export const DEFAULT_LOCALE = "en-US";'
          + ['LOCAL', 'REMOTE'].map(name => `export const ${name}_FETCH_PATTERN = "";`).join(''),
    }));
  },
};

await build({
  stdin: {
    contents: `export {SecondaryInitManager} from './${worker}/HeapSnapshot.ts';
        export {HeapSnapshotLoader} from './${worker}/HeapSnapshotLoader.ts';`.replaceAll('./chrome', './node_modules/chrome'),
    resolveDir: '.',
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: 'devtools.mjs',
  logLevel: 'error',
  plugins: [locales],
});
