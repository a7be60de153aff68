// A worker: takes one task at a time from the page and answers it. `wasm_bindgen` is the generated code above.

let analyzer = null;

const tasks = {
  columns: () => analyzer.columns(),

  /** Those paths in a folder that are of sound files. */
  sounds: ({ paths }) => paths.filter((path) => wasm_bindgen.isSoundName(path)),

  /** Checks a classifier. */
  classifier: ({ file, bytes }) => JSON.parse(analyzer.setClassifier(file, bytes)),

  /** Features of a file and, if wanted, its picture. */
  async read({ path, file, picture }) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const start = performance.now();
    const analysis = analyzer.analyze(path, bytes, picture);
    const found = JSON.parse(analysis.json());
    found.waveform = analysis.waveform();
    found.levels = analysis.levels();
    analysis.free();
    found.took = (performance.now() - start) / 1000;
    return found;
  },

  /** Genres of a file, as a line of JSON. */
  async predict({ path, file }) {
    return analyzer.predict(path, new Uint8Array(await file.arrayBuffer()));
  },

  csv: ({ parts, sounds }) => analyzer.csv(parts, sounds),

  async wav({ path, file }) {
    return wasm_bindgen.wav(path, new Uint8Array(await file.arrayBuffer()));
  },
};

self.onmessage = async ({ data: { module, classifier, task } }) => {
  try {
    if (module) {
      wasm_bindgen.initSync({ module });
      analyzer = new wasm_bindgen.Analyzer();
    }
    if (classifier) analyzer.setClassifier(classifier.name, classifier.bytes);
    self.postMessage({ result: await tasks[task.name](task) });
  } catch (error) {
    const isFault = error instanceof WebAssembly.RuntimeError;
    const text = isFault ? `a fault in the decoder (${error.message})` : error?.message ?? String(error);
    // After these the memory of the module is in no known state.
    const broken = isFault || text.startsWith('panic: ');
    self.postMessage({ error: text, broken });
  }
};
