// Files of a drop or of a choice, as `{path, file}`.

/** By the names of folders and files from the outermost on, as a folder is walked. */
function byPath(a, b) {
  const [p, q] = [a.path.split('/'), b.path.split('/')];
  const at = p.findIndex((name, i) => name !== q[i]);
  if (at < 0) return p.length - q.length;
  return q[at] === undefined || p[at] > q[at] ? 1 : -1;
}

const isHidden = (path) => path.split('/').some((name) => name.startsWith('.'));

/** All files below a folder, which is a handle or an entry. */
async function filesBelow(folder, path) {
  const files = [];
  for (const inside of await (folder.values ? handles(folder) : entries(folder))) {
    const name = `${path}/${inside.name}`;
    if (inside.kind === 'directory' || inside.isDirectory) {
      files.push(...await filesBelow(inside, name));
    } else if (inside.getFile) {
      files.push({ path: name, file: await inside.getFile() });
    } else {
      files.push({ path: name, file: await new Promise((resolve, reject) => inside.file(resolve, reject)) });
    }
  }
  return files;
}

async function handles(folder) {
  const found = [];
  for await (const handle of folder.values()) found.push(handle);
  return found;
}

async function entries(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    // A part of them at a time.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...some);
  }
}

/** What was dropped: files, and one list of files per folder. */
async function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  // Before the first wait: a drop cannot be read later. Chromium cannot read entries in a page from the disk, and
  // other browsers have no handles.
  const parts = items.map((item) => ({
    file: item.getAsFile(),
    folder: item.getAsFileSystemHandle?.() ?? item.webkitGetAsEntry(),
  }));
  const files = [];
  const folders = [];
  for (const part of parts) {
    const folder = await part.folder;
    const isFolder = folder?.kind === 'directory' || folder?.isDirectory;
    if (isFolder) folders.push(await filesBelow(folder, folder.name));
    else if (part.file) files.push({ path: part.file.name, file: part.file });
  }
  return { files, folders };
}

/** What was chosen in a dialog. */
function chosen(input) {
  const list = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  // The same choice again is a choice, too.
  input.value = '';
  return input.webkitdirectory ? { files: [], folders: [list] } : { files: list, folders: [] };
}

/** Offers a text as a file to save. */
function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
