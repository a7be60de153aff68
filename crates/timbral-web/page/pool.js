// The workers, and the queue of their tasks.

/** The module in the page, which is compressed by gzip and written in base64. */
async function embeddedModule() {
  const text = document.getElementById('wasm').textContent;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(await new Response(plain).arrayBuffer());
}

class Pool {
  #module;
  #url;
  #size = Math.max(1, Math.min(8, navigator.hardwareConcurrency || 1));
  #count = 0;
  #idle = [];
  #queue = [];
  /** `{name, bytes}`, which every worker gets before its next task. */
  #classifier = null;

  constructor(module) {
    this.#module = module;
    const source = document.getElementById('worker').textContent;
    this.#url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  }

  /** The result of a task `{name, ..}`; `soon` puts it before those that wait. */
  run(task, soon = false) {
    return new Promise((resolve, reject) => {
      const job = { task, resolve, reject };
      if (soon) this.#queue.unshift(job);
      else this.#queue.push(job);
      this.#next();
    });
  }

  /** Checks a classifier and gives it to all workers; returns what it says of itself. */
  async setClassifier(name, bytes) {
    const text = await this.run({ name: 'classifier', file: name, bytes }, true);
    this.#classifier = { name, bytes };
    return text;
  }

  #next() {
    while (this.#queue.length > 0 && (this.#idle.length > 0 || this.#count < this.#size)) {
      this.#give(this.#idle.pop() ?? this.#start(), this.#queue.shift());
    }
  }

  #start() {
    this.#count += 1;
    return { thread: new Worker(this.#url), isNew: true, classifier: null };
  }

  #give(worker, job) {
    const message = { task: job.task };
    if (worker.isNew) message.module = this.#module;
    if (worker.classifier !== this.#classifier) message.classifier = this.#classifier;
    worker.isNew = false;
    worker.classifier = this.#classifier;
    worker.thread.onmessage = ({ data }) => this.#end(worker, job, data);
    worker.thread.onerror = (event) => {
      this.#end(worker, job, { error: event.message || 'the worker ended', broken: true });
    };
    worker.thread.postMessage(message);
  }

  #end(worker, job, { result, error, broken }) {
    if (broken) {
      worker.thread.terminate();
      this.#count -= 1;
    } else {
      this.#idle.push(worker);
    }
    if (error === undefined) job.resolve(result);
    else job.reject(new Error(error));
    this.#next();
  }
}
