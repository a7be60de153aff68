// The page: which songs there are, and what is shown of them.

/** Songs in the order in which they came; `state` is `waiting`, `read` or `failed`. */
const songs = [];
/** Messages of what could not be read, by path. */
const problems = new Map();
const page = {
  pool: null,
  columns: [],
  /** What a classifier says of itself. */
  classifier: null,
  table: null,
  player: new Player(),
  /** The open song, with its picture and what is drawn of it. */
  open: null,
  /** Number of the feature that is drawn. */
  feature: 0,
};

const element = (id) => document.getElementById(id);

function showStatus() {
  const count = (state) => songs.filter((song) => song.state === state).length;
  const [waiting, read, failed] = ['waiting', 'read', 'failed'].map(count);
  const progress = element('progress');
  progress.hidden = waiting === 0;
  progress.max = Math.max(1, songs.length);
  progress.value = read + failed;
  const parts = [`${read} of ${songs.length} songs read`];
  if (failed > 0) parts.push(`${failed} not readable`);
  if (page.skipped > 0) parts.push(`${page.skipped} other ${page.skipped === 1 ? 'file' : 'files'} in the folders`);
  element('status').textContent = songs.length > 0 || page.skipped > 0 ? parts.join(', ') : 'Ready';
  element('problems').replaceChildren(...[...problems.values()].map((text) => cell('li', text)));
  element('all').hidden = read === 0;
  element('save-genres').hidden = !songs.some((song) => song.prediction);
}

/** Notes why something cannot be used; the message names it. */
function problem(path, error) {
  problems.set(path, error.message.startsWith(path) ? error.message : `${path}: ${error.message}`);
}

async function readSong(song) {
  try {
    const picture = page.open === null;
    if (picture) page.open = song;
    const found = await page.pool.run({ name: 'read', path: song.path, file: song.file, picture });
    Object.assign(song, { state: 'read', info: found.info, whole: found.whole, parts: found.parts });
    song.values = JSON.parse(found.whole).rows[0].values;
    if (found.info.missing) problem(song.path, new Error(found.info.missing));
    page.table.show(song);
    if (page.open === song && picture) show(song, found);
    else if (page.open === null) openSong(song);
    if (page.classifier) await predict(song);
  } catch (error) {
    song.state = 'failed';
    problem(song.path, error);
    page.table.remove(song);
    // The next one that is read is opened.
    if (page.open === song) page.open = null;
  }
  showStatus();
}

async function predict(song) {
  const { classifier } = page;
  try {
    const line = await page.pool.run({ name: 'predict', path: song.path, file: song.file });
    // Another classifier may have come: then this is asked once more.
    if (page.classifier !== classifier) return;
    song.line = line;
    song.prediction = JSON.parse(line);
    page.table.show(song);
    if (page.shown?.song === song) draw();
  } catch (error) {
    problem(song.path, error);
  }
  page.table.mark(page.shown?.song);
  showStatus();
}

/** Shows a song of the table. */
async function openSong(song) {
  page.open = song;
  try {
    const found = await page.pool.run({ name: 'read', path: song.path, file: song.file, picture: true }, true);
    if (page.open === song) show(song, found);
  } catch (error) {
    problem(song.path, error);
    showStatus();
  }
}

function show(song, found) {
  const segments = JSON.parse(found.parts).rows.map((row) => row.values);
  page.shown = { song, segments, waveform: found.waveform, levels: found.levels, took: found.took };
  const { format, sample_rate: rate, channels, seconds } = found.info;
  element('song').hidden = false;
  element('song-name').textContent = song.path;
  const tags = [JSON.parse(found.whole)].flatMap(({ artist, album }) => [artist, album]).filter((text) => text);
  const sound = `${format}, ${rate} Hz, ${channels === 1 ? 'one channel' : `${channels} channels`}`;
  element('song-about').textContent = [
    ...tags, sound, clock(seconds, true), `computed in ${found.took.toFixed(2)} s`,
  ].join(' \u00b7 ');
  const { path, file } = song;
  page.player.open(file, seconds, () => page.pool.run({ name: 'wav', path, file }, true).catch(() => null));
  page.table.mark(song);
  draw();
}

/** Draws the open song. */
function draw() {
  if (!page.shown) return;
  const { song, segments, waveform, levels } = page.shown;
  const { seconds } = song.info;
  drawWaveform(waveform, seconds);
  drawSpectrogram(levels, seconds);
  const name = page.columns[page.feature];
  element('feature-name').textContent = `${name} of every 3 s, and of the whole song`;
  drawFeature(segments.map((segment) => segment[page.feature]), song.values[page.feature], seconds);
  showFeatures(page.columns, song.values, segments, page.feature, (feature) => {
    page.feature = feature;
    draw();
    document.querySelector('#features [aria-pressed=true]').focus();
  });
  const { prediction } = song;
  element('genres').hidden = !prediction;
  element('legend').hidden = !prediction;
  if (prediction) {
    const { classes } = page.classifier;
    drawGenres(prediction.windows, classes, seconds);
    element('legend').replaceChildren(...prediction.genres.map(({ genre, probability }) => {
      const item = cell('li', `${genre} ${probability.toFixed(3)}`);
      const swatch = document.createElement('i');
      swatch.style.background = genreColour(classes.indexOf(genre));
      item.prepend(swatch);
      return item;
    }));
  }
  drawAxis(seconds);
}

async function takeClassifier({ path, file }) {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const found = await page.pool.setClassifier(path, bytes);
    problems.delete(path);
    page.classifier = found;
    const box = element('classifier');
    box.hidden = false;
    box.querySelector('summary').textContent = `Classifier ${path}: ${found.classes.join(', ')}`;
    box.querySelector('pre').textContent = found.provenance;
    for (const song of songs.filter((each) => each.state === 'read')) {
      song.prediction = null;
      song.line = null;
      predict(song);
    }
  } catch (error) {
    problem(path, error);
  }
  showStatus();
}

/** Takes files and folders: classifiers first, then songs. */
async function take({ files, folders }) {
  const isClassifier = ({ path }) => path.endsWith('.timbral');
  for (const file of files.filter(isClassifier)) await takeClassifier(file);
  const found = files.filter((file) => !isClassifier(file));
  for (const folder of folders) {
    const visible = folder.filter(({ path }) => !isHidden(path)).sort(byPath);
    const paths = visible.map(({ path }) => path);
    const sounds = new Set(await page.pool.run({ name: 'sounds', paths }, true));
    found.push(...visible.filter(({ path }) => sounds.has(path)));
    page.skipped += visible.length - sounds.size;
  }
  // The first of them is opened.
  if (found.length > 0) page.open = null;
  const known = new Map(songs.map((song, i) => [song.path, i]));
  for (const { path, file } of found) {
    const song = { path, file, state: 'waiting' };
    problems.delete(path);
    const at = known.get(path) ?? songs.length;
    page.table.add(song, songs[at]);
    songs[at] = song;
    known.set(path, at);
    readSong(song);
  }
  showStatus();
}

/** The rows of all songs, those that could not be read without any. */
function rowsOfAll(parts) {
  const none = (song) => JSON.stringify({ name: song.path, artist: '', album: '', rows: [] });
  return songs.map((song) => (song.state === 'read' ? song[parts ? 'parts' : 'whole'] : none(song)));
}

async function saveTable() {
  const parts = element('rows').value === 'parts';
  const text = await page.pool.run({ name: 'csv', parts, sounds: rowsOfAll(parts) }, true);
  save(parts ? 'features_3_sec.csv' : 'features.csv', 'text/csv', text);
}

function saveGenres() {
  const lines = songs.filter((song) => song.line).map((song) => `${song.line}\n`);
  save('genres.jsonl', 'application/json', lines.join(''));
}

function listen() {
  const zone = document.documentElement;
  const mark = (over) => (event) => {
    event.preventDefault();
    element('drop').classList.toggle('over', over);
  };
  zone.addEventListener('dragover', mark(true));
  zone.addEventListener('dragleave', mark(false));
  zone.addEventListener('drop', async (event) => {
    mark(false)(event);
    try {
      take(await dropped(event.dataTransfer));
    } catch (error) {
      problem('what was dropped', error);
      showStatus();
    }
  });
  for (const id of ['choose-files', 'choose-folder', 'choose-classifier']) {
    element(id).addEventListener('change', (event) => take(chosen(event.target)));
  }
  element('save-table').addEventListener('click', saveTable);
  element('save-genres').addEventListener('click', saveGenres);
  window.addEventListener('resize', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

async function begin() {
  try {
    page.skipped = 0;
    page.pool = new Pool(await embeddedModule());
    page.columns = await page.pool.run({ name: 'columns' });
    page.table = new SongTable(page.columns, openSong);
    listen();
    showStatus();
  } catch (error) {
    element('status').textContent = `This browser cannot run the page: ${error.message}`;
  }
}

begin();
